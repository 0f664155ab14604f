"""Colours of drawings as properties of the page: drawn once, right on light and on dark."""

import re
from dataclasses import fields

from markupsafe import Markup

from kansym.figures.style import LIGHT, Theme

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


def _named(theme: Theme) -> dict[str, str]:
    """Name of the property to colour."""
    found = {}
    for field in fields(theme):
        value = getattr(theme, field.name)
        for k, colour in enumerate((value,) if isinstance(value, str) else value):
            found[f"--drawing-{field.name}-{k}"] = colour.lower()
    return found


def drawing_colours(theme: Theme) -> Markup:
    """Declarations of a theme's colours for a style sheet."""
    return Markup(" ".join(f"{name}: {colour};" for name, colour in _named(theme).items()))


def with_properties(style: str) -> str:
    """The style of a drawing made in light colours, with the properties in their place; without them they hold."""
    return _COLOUR.sub(lambda match: _PROPERTIES.get(match[0].lower(), match[0]), style)


_PROPERTIES = {colour: f"var({name},{colour})" for name, colour in reversed(_named(LIGHT).items())}
