"""Formulas for other places: source code in other languages, documents, MathML, modules of torch.

Public names are imported when they are first used: the command line is to start fast.
"""

from kansym.deferred import deferred_names

_HOMES = {
    "LANGUAGES": "kansym.export.languages",
    "suffix_of": "kansym.export.languages",
    "to_code": "kansym.export.languages",
    "to_mathml": "kansym.export.mathml",
    "to_torch": "kansym.export.torch",
    "unit_to_latex": "kansym.export.latex",
}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__ = deferred_names(__name__, _HOMES)
