"""A known form: the constants of a formula that the user gives, with their errors."""
