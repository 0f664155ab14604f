"""Constants that the data cannot tell apart, in words."""

from collections.abc import Sequence

import numpy as np

NEGLIGIBLE = 1e-6
"""Share of a constant in a direction without effect that counts as none."""


def undetermined_groups(null_space: np.ndarray) -> list[list[int]]:
    """Constants that are tied to each other by directions without effect.

    Parameters
    ----------
    null_space : array (k, r)
        Orthonormal directions, constants in units of their own effect.

    Returns
    -------
    list of list of int
        Indices; a single one where a constant has no effect of its own.
    """
    # The projector, unlike the directions, does not depend on how they were chosen.
    tied = np.abs(null_space @ null_space.T) > NEGLIGIBLE
    groups: list[list[int]] = []
    left = [j for j in range(len(tied)) if tied[j, j]]
    while left:
        group = [left.pop(0)]
        for member in group:
            group += [j for j in left if tied[member, j]]
            left = [j for j in left if j not in group]
        groups.append(sorted(group))
    return groups


def undetermined_notes(
    names: Sequence[str], null_space: np.ndarray, determined: Sequence[tuple[tuple[str, ...], str]] = ()
) -> list[str]:
    """A sentence for every group of `undetermined_groups`.

    Parameters
    ----------
    names : sequence of str, length k
    null_space : array (k, r)
    determined : sequence of (names, text)
        What is known instead: the constants in a combination, and the combination with its value.
    """
    notes = []
    for group in undetermined_groups(null_space):
        members = [names[j] for j in group]
        if len(members) == 1:
            notes.append(
                f"The data do not determine {members[0]}: it has no effect on the formula at these rows. Its value is "
                "arbitrary and has no error."
            )
            continue
        listed = f"{', '.join(members[:-1])} and {members[-1]}"
        part = null_space[group]
        free = int(np.linalg.matrix_rank(part, tol=NEGLIGIBLE))
        left = len(group) - free
        kept = f"only {left} combination{'s' if left > 1 else ''} of them" if left else "none of them"
        texts = [text for inside, text in determined if set(inside) <= set(members)]
        known = f" What they determine: {', '.join(texts)}." if texts else ""
        notes.append(
            f"The data cannot tell {listed} apart: they determine {kept}. Their values are one choice of many and have "
            f"no errors; fix {free} of them at a number in the formula.{known}"
        )
    return notes
