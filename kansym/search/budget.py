"""How the time of a search is shared: shares of the user's seconds, unless they say otherwise."""

STRUCTURE_SHARE = 0.75
"""Share of the time budget that the structure search may take before networks on the whole problem have their turn."""

QUICK = 0.5
"""Share of the time budget for what structure finds of several columns before all that takes long, and for which
structure goes on where a formula is exact and very long."""

ADDITIVE_AFTER = 0.1
"""Share of the budget for which structure goes on alone before functions of one and two columns are read, and the
smallest network has its turn."""

LAST_LOOK, LAST_SECONDS = 0.15, 4.0
"""Share of the time budget for the one column that is left of a table which a short formula settles, and seconds, at
most."""

SECOND_LOOK = 0.4
"""Share of the time budget for reading a curve that a formula describes already as well as the data allow: with few
rows the first such formula need not be the best."""

TERMS_AFTER, TERMS_AFTER_REDUCED = 0.25, 0.6
"""Share of the budget for which structure, or the readings of a curve, go on alone before sums have their turn; and
the same with noise where a smaller problem was found, whose own sums come first, and for functions of one and two
columns where structure has made a curve of a table, which has the engines for curves first."""

LEAF = 0.05
"""Least share of the time budget for a smaller problem while sums of products are still to have their first turn."""

NETWORK_SECONDS, LAST_NETWORK = 1.0, 0.03
"""Most time for a network beside a formula that was found without one, and the share of the budget that it has in any
case: one that is hardly trained says nothing."""

READING = 0.2
"""Most of the time budget for a first reading of one network: many are of the wrong shape."""

CHALLENGE = 0.2
"""Most of the time budget that is kept for rivals of the pick, where the noise of the table is known."""

LEAST_FOR_RIVALS = 0.5
"""Seconds for rivals of a pick that was found at once: time for the short compositions of a table. With half of what it
had been, 17 of 55 pairs are right as before, two of them by a rival."""

RESERVE = 0.03
"""Share of the time budget kept for the last refit."""

IMPROVING, IMPROVING_LAST = 0.3, 0.8
"""Share of the time that is left for better parts of what has been found, and the same after the last sums."""
