"""One law, many experiments: a form for all groups of rows, whose constants are shared or each group's own."""
