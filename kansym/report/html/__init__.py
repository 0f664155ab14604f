"""The report of a run as one HTML file: a run becomes plain values, the values become a page."""
