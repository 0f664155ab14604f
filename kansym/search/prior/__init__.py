"""Searches that start from what is known: a part of the law that is given, or formulas to begin with."""
