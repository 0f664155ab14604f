"""Other tools on the same table: the same rows, seed and time for each, and whether they found the same formula."""
