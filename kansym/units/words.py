"""Units beside numbers in running text, and raised exponents."""

import re

_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def raised(number: str) -> str:
    """An exponent in raised digits."""
    return number.translate(_RAISED)


def powers_of_ten(text: str) -> str:
    """Numbers with their powers of ten in raised digits: ``4.3×10⁻⁵`` for ``4.3e-05``."""
    return re.sub(r"(?<=\d)e([-+]?\d+)", lambda match: f"×10{raised(str(int(match[1])))}", text)


def after_number(unit: str | None) -> str:
    """A unit as it follows a number, with the space before it; nothing for a pure number or where it is not known.

    One that begins with a number stands in brackets: ``0.217 (10^3 m s^-2)``.
    """
    if not unit or unit == "1":
        return ""
    return f" ({unit})" if begins_with_number(unit) else f" {unit}"


def begins_with_number(unit: str) -> bool:
    """Whether a unit has a factor, as ``10^3 m`` has; ``1/cm`` and a pure number have none."""
    return bool(re.match(r"\d", unit)) and unit != "1" and not unit.startswith("1/")


def unit_label(unit: str) -> str:
    """A unit with raised exponents: ``kg m² s⁻²`` for ``kg m^2 s^-2``, ``au³⁄²`` for ``au^(3/2)``."""
    unit = re.sub(
        r"(?:\^|\*\*)\((-?\d+)/(\d+)\)", lambda match: f"{raised(match[1])}\N{FRACTION SLASH}{raised(match[2])}", unit
    )
    return re.sub(r"(?:\^|\*\*)(\()?(-?\d+)(?(1)\))(?![\d.])", lambda match: raised(match[2]), unit)
