"""Systems of linear equations with rational coefficients, solved exactly."""

from collections.abc import Sequence
from fractions import Fraction


def solve(
    matrix: Sequence[Sequence[Fraction]], right: Sequence[Sequence[Fraction]], unknowns: int, tolerance: float = 0.0
) -> list[list[Fraction]] | None:
    """A solution X of ``matrix @ X = right``, unknowns that nothing decides being zero; None if there is none.

    Parameters
    ----------
    matrix : (equations, unknowns)
    right : (equations, columns)
    unknowns : int
    tolerance : float, default 0
        Largest remainder of an equation without unknowns that is no contradiction, for right sides that were rounded.
    """
    columns = len(right[0]) if right else 0
    rows = [[*left, *end] for left, end in zip(matrix, right, strict=True)]
    pivots: list[int] = []
    for k in range(unknowns):
        at = next((i for i in range(len(pivots), len(rows)) if rows[i][k] != 0), None)
        if at is None:
            continue
        place = len(pivots)
        rows[place], rows[at] = rows[at], rows[place]
        lead = rows[place][k]
        rows[place] = [entry / lead for entry in rows[place]]
        for i, row in enumerate(rows):
            if i != place and row[k] != 0:
                factor = row[k]
                rows[i] = [a - factor * b for a, b in zip(row, rows[place], strict=True)]
        pivots.append(k)
    if any(abs(entry) > tolerance for row in rows[len(pivots) :] for entry in row[unknowns:]):
        return None
    solution = [[Fraction(0)] * columns for _ in range(unknowns)]
    for place, k in enumerate(pivots):
        solution[k] = rows[place][unknowns:]
    return solution


def independent_rows(rows: Sequence[Sequence[Fraction]]) -> list[Sequence[Fraction]]:
    """The first rows of which none is a combination of those before."""
    chosen: list[Sequence[Fraction]] = []
    for row in rows:
        transposed = [[one[k] for one in chosen] for k in range(len(row))]
        if solve(transposed, [[entry] for entry in row], len(chosen)) is None:
            chosen.append(row)
    return chosen
