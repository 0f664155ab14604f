"""Notes that a run puts beside its result."""

WRONG_UNITS = (
    "A formula whose units do not go together fits much better than any that is dimensionally consistent; it is on the "
    "front, marked. Check the units of the table, and whether a column with a unit is missing."
)

NETWORK_BETTER = (
    "No closed form found that matches the network: held out, the formula's residual is {:.2g} times the network's, so "
    "take it as a rough description and not as the law."
)
