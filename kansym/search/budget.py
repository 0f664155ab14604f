"""How the time of a search is shared: shares of the user's seconds, unless they say otherwise."""

NETWORK_SECONDS, LAST_NETWORK = 1.0, 0.03
"""Most time for a network beside a formula that was found without one, and the share of the budget that it has in any
case: one that is hardly trained says nothing."""

LEAST_FOR_RIVALS, FOR_RIVALS = 0.5, 0.1
"""Seconds for rivals of a pick that was found at once, time for the short compositions of a table; and most of them, as
a share of the budget, which the end of the search is kept for."""

RESERVE = 0.03
"""Share of the time budget kept for the last refit."""

IMPROVING = 0.3
"""Share of the time that is left for better parts of what has been found."""
