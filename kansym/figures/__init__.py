"""Pictures of a finished run: each a function from a run to a matplotlib figure.

``figures_of(run)`` gives all that apply, by name; ``to_svg(figure)`` makes one ready for a page, and
``alt_text(name, run)`` says in a sentence what it shows.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kansym.figures.catalogue import FIGURES as FIGURES
    from kansym.figures.catalogue import FigureKind as FigureKind
    from kansym.figures.catalogue import alt_text as alt_text
    from kansym.figures.catalogue import figure as figure
    from kansym.figures.catalogue import figure_kind as figure_kind
    from kansym.figures.catalogue import figures_of as figures_of
    from kansym.figures.svg import to_svg as to_svg

# The command line imports this package to learn its options, and must not wait for matplotlib and torch.
_HOMES = {
    "FIGURES": "catalogue",
    "FigureKind": "catalogue",
    "alt_text": "catalogue",
    "figure_kind": "catalogue",
    "figures_of": "catalogue",
    "figure": "catalogue",
    "to_svg": "svg",
}

__all__ = [*_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
