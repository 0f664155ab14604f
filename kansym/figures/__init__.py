"""Pictures of a finished run: each a function from a run to a matplotlib figure."""

from kansym.figures.catalogue import FIGURES, alt_text, figure_kind, figures_of
from kansym.figures.svg import to_svg

__all__ = ["FIGURES", "alt_text", "figure_kind", "figures_of", "to_svg"]
