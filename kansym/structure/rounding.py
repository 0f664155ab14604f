"""How far a law of a table without noise may miss it: one accuracy for all readers of structure."""

ROUNDING = 1e-12
"""Residual, in units of the root mean square of the target, that double precision leaves."""

EXACT = 1e-11
"""The same of an exact law whose constants were found by steps, or from a logarithm."""
