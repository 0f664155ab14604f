"""Searches that start from a formula, and formulas to and from PySR."""
