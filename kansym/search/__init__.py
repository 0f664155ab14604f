"""The search: from a table to a front of formulas and a pick."""
