"""Laws without a target: relations F(columns) = 0 among all columns of a table, each of which has errors."""
