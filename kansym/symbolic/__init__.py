"""Formulas as sympy expressions: constants, canonical gauge, simplification, snapping, printing and storage."""

from kansym.symbolic.canonical import canonicalize as canonicalize
from kansym.symbolic.complexity import complexity as complexity
from kansym.symbolic.complexity import description_length as description_length
from kansym.symbolic.latex import to_latex as to_latex
from kansym.symbolic.naming import internal_symbols as internal_symbols
from kansym.symbolic.naming import plain as plain
from kansym.symbolic.naming import plain_symbol as plain_symbol
from kansym.symbolic.naming import safe_identifiers as safe_identifiers
from kansym.symbolic.parametric import ParametricForm as ParametricForm
from kansym.symbolic.parametric import node_count as node_count
from kansym.symbolic.parametric import parametrize as parametrize
from kansym.symbolic.refit import RefitResult as RefitResult
from kansym.symbolic.refit import redundant_constants as redundant_constants
from kansym.symbolic.refit import refit as refit
from kansym.symbolic.serialization import from_tree as from_tree
from kansym.symbolic.serialization import to_tree as to_tree
from kansym.symbolic.simplification import SimplifyResult as SimplifyResult
from kansym.symbolic.simplification import simplify as simplify
from kansym.symbolic.snapping import SnapResult as SnapResult
from kansym.symbolic.snapping import snap as snap
from kansym.symbolic.text import to_text as to_text
