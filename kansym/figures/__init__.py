"""Pictures of a finished run: each a function from a run to a matplotlib figure."""
