"""Units beside numbers in running text."""


def after_number(unit: str | None) -> str:
    """A unit as it follows a number, with the space before it; nothing for a pure number or where it is not known."""
    return f" {unit}" if unit and unit != "1" else ""
