"""Probabilities at which tests speak against a formula: one value for each weight of the word."""

OBJECTION = 0.01
"""Probability with which a test objects to a right formula, whatever it looks at."""

DENIAL = 1e-3
"""Probability with which something is given up that is right as a rule: an exponent that is a whole number, a guess for
its chi-squared, a definition, columns that were left out. It takes more than the odds of an objection."""
