"""PySR's hall of fame as guesses that a search of kansym's starts from."""

from collections.abc import Sequence
from pathlib import Path

from kansym.comparison.hall_of_fame import HallOfFame, read_hall_of_fame, scores
from kansym.errors import ArgumentError
from kansym.search.prior.guess import Guess

FEW = 3
"""Guesses that are taken: each is fitted, and takes its share of the time from the others."""


def guesses_from(path: str | Path, names: Sequence[str], *, most: int = FEW) -> tuple[str, ...]:
    """The best few formulas of PySR's hall of fame, as guesses.

    The first is PySR's own pick (``model_selection="best"``); then come the others by PySR's score, the fall of the
    logarithm of the loss per unit of complexity. Formulas that cannot be a guess are passed over: those without a
    column, such as a constant alone, and those with more constants than are fitted.

    Parameters
    ----------
    path : str or Path
        A ``hall_of_fame.csv``, its ``.bak``, or a folder with one of them, as PySR leaves it; see
        `kansym.comparison.hall_of_fame.read_hall_of_fame` for how its names are matched with the table's.
    names : sequence of str
        Columns of the table, in the order in which PySR saw them.
    most : int, default 3
        How many.

    Returns
    -------
    tuple of str
        For ``guesses=`` of `DiscoveryOptions` and `SymbolicRegressor`.

    Raises
    ------
    ArgumentError
        If there is no such file, or none of its formulas can be a guess.
    DataError
        If it is no hall of fame, or its names are not those of the table.

    Examples
    --------
    >>> guesses_from("outputs/20261201_120000", dataset.names)  # doctest: +SKIP
    ('semi_major_axis**1.4998345326563893',)
    """
    if most < 1:
        raise ArgumentError(f"most must be a number of guesses, 1 or more, got {most}")
    hall = read_hall_of_fame(path, names)
    found = []
    for number in _best_first(hall):
        text = hall.formulas[number].expression
        try:
            Guess.read(text, names)
        except ArgumentError:
            continue
        found.append(text)
        if len(found) == most:
            break
    if not found:
        raise ArgumentError(
            f"hall of fame: {hall.source} has no formula to start from; the longest of its {len(hall.formulas)} is "
            f"{hall.formulas[-1].expression[:80]}"
        )
    return tuple(found)


def _best_first(hall: HallOfFame) -> list[int]:
    """Numbers of the formulas: the pick, then by score, of equal scores the simpler one first."""
    ranks = scores(hall.formulas)
    return sorted(range(len(ranks)), key=lambda number: (number != hall.pick, -ranks[number], number))
