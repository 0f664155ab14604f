"""Units: read by pint, checked in formulas, and named constants that a fitted one may be."""
