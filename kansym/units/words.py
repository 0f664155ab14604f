"""Units beside numbers in running text, and raised exponents."""

import re

_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def raised(number: str) -> str:
    """An exponent in raised digits."""
    return number.translate(_RAISED)


def after_number(unit: str | None) -> str:
    """A unit as it follows a number, with the space before it; nothing for a pure number or where it is not known."""
    return f" {unit}" if unit and unit != "1" else ""


def unit_label(unit: str) -> str:
    """A unit with raised exponents: ``kg m² s⁻²`` for ``kg m^2 s^-2``; fractional exponents stay as they are."""
    return re.sub(r"(?:\^|\*\*)(\()?(-?\d+)(?(1)\))(?![\d.])", lambda match: raised(match[2]), unit)
