# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Data collapse: the units of target and input in which all groups lie on one curve, where the law has such units."""

import itertools
from dataclasses import dataclass

import numpy as np

from kansym.groups.result import GroupedFormula

POWERS = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0)
"""Of a constant, that may be the unit of a column or of the target."""

SAME = 1e-9
"""Relative difference of values that are the same function."""

PROBES = 40


@dataclass(frozen=True, eq=False)
class Collapse:
    """Transformed rows.

    Attributes
    ----------
    x, y : array (n,)
    error : array (n,) or None
        Of `y`.
    curve : tuple of two arrays
        The law in these units.
    x_label, y_label : str
    """

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray | None
    curve: tuple[np.ndarray, np.ndarray]
    x_label: str
    y_label: str


@dataclass
class _Units:
    offset: list[str]
    y_powers: dict[str, float]
    x_powers: dict[str, float]
    shifts: dict[str, float]


def collapse(found: GroupedFormula) -> Collapse | None:
    """All groups on one curve; None where the law has more than one input, or no constant of each group's own that is
    an offset, a factor of the target or of the input, or a shift."""
    own = [j for j, one in enumerate(found.constants) if not one.shared]
    if len(found.table.dataset.names) != 1 or not own:
        return None
    units = _Units([], {}, {}, {})
    values = found.values
    reference = values[0].copy()
    for j, one in enumerate(found.constants):
        # Also a shared one: what is left may have a factor.
        if found.form.expression.diff(found.form.constants[j]) == 1:
            units.offset.append(one.name)
            reference[j] = 0.0
    if not all(found.constants[j].name in units.offset or _places(found, j, values, reference, units) for j in own):
        return None
    names = [one.name for one in found.constants]
    at = {name: values[found.table.codes, j] for j, name in enumerate(names)}
    x, y = found.table.dataset.X[:, 0], found.table.dataset.y
    scale = np.ones(len(y))
    for name in units.offset:
        y = y - at[name]
    for name, power in units.y_powers.items():
        scale = scale * np.abs(at[name]) ** power
    for name, power in units.x_powers.items():
        x = x * np.abs(at[name]) ** power
    for name, sign in units.shifts.items():
        x = x + sign * at[name]
    error = found.table.dataset.y_error
    one = reference.copy()
    for j in own:
        # In these units the constants are one, or nothing.
        scaled = names[j] in units.y_powers or names[j] in units.x_powers
        one[j] = np.sign(values[0, j]) if scaled else 0.0
    grid = np.linspace(x.min(), x.max(), 400)
    curve = found.form.value_at((grid,), one)
    sized = {name: name if value[0] > 0 else f"|{name}|" for name, value in at.items()}
    y_label = _label(found.target, units.offset, {sized[name]: p for name, p in units.y_powers.items()}, -1)
    x_label = _label(found.table.dataset.names[0], [], {sized[name]: p for name, p in units.x_powers.items()}, 1)
    for name, sign in units.shifts.items():
        x_label = f"{x_label} {'+' if sign > 0 else '−'} {name}"
    return Collapse(x, y / scale, None if error is None else error / np.abs(scale), (grid, curve), x_label, y_label)


def _places(found: GroupedFormula, j: int, values: np.ndarray, reference: np.ndarray, units: _Units) -> bool:
    """Find what one constant is, by values: ``e(x, c) = c^p e(x c^q, 1)``, or a shift."""
    form, name, column = found.form, found.constants[j].name, values[:, j]
    x = found.table.dataset.X[:, 0]
    probe = np.linspace(x.min(), x.max(), PROBES)[1:-1]
    a, b = float(column.min()), float(column.max())
    if a == b:
        return False

    def value(at: np.ndarray, constant: float) -> np.ndarray:
        constants = reference.copy()
        constants[j] = constant
        return form.value_at((at,), constants)

    first = value(probe, a)
    for sign in (1.0, -1.0):
        if _same(value(probe + sign * (a - b), b), first):
            units.shifts[name] = sign
            return True
    if not a * b > 0:
        return False
    for p, q in sorted(itertools.product((0.0, *POWERS), repeat=2), key=lambda one: abs(one[0]) + abs(one[1])):
        if p or q:
            ratio = b / a
            if _same(value(probe * ratio**-q, b), first * ratio**p):
                if p:
                    units.y_powers[name] = p
                if q:
                    units.x_powers[name] = q
                return True
    return False


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < PROBES // 2:
        return False
    return bool(np.abs(first - second)[both].max() <= SAME * max(float(np.abs(second[both]).max()), 1e-300))


def _label(name: str, offsets: list[str], powers: dict[str, float], sign: int) -> str:
    """``(y − B)/A``, ``t/tau``, ``t·k``."""
    text = f"({' − '.join([name, *offsets])})" if offsets else name
    for constant, power in powers.items():
        power = sign * power
        mark = "·" if power > 0 else "/"
        size = abs(power)
        text += f" {mark} {constant if size == 1 else f'√{constant}' if size == 0.5 else f'{constant}²'}"
    return text
