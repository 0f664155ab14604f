"""A finished run: what a search found with its table, in memory and on disk."""
