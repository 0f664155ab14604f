"""What a run shows: the figure of the network and the report in plain text."""
