# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Column names, the sympy symbols that stand for them, and how they are set: any string may name a column."""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import sympy

from kansym.errors import ArgumentError


def plain_symbol(name: str) -> sympy.Symbol:
    """The symbol that stands for a column in formulas shown to users: no assumptions, the name as it is.

    Names that sympy's parser claims (``E``, ``I``, ``beta``, ``lambda``) are harmless here, since nothing is parsed.
    """
    return sympy.Symbol(name)


def internal_symbols(names: Sequence[str], X: np.ndarray | None = None) -> tuple[sympy.Symbol, ...]:
    """Symbols for calculation: real, and positive where the data are.

    Parameters
    ----------
    names : sequence of str, length d
        Column names.
    X : array (n, d), optional
        The data. A strictly positive column gets a positive symbol, so that its powers and logarithms combine.

    Raises
    ------
    ArgumentError
        If `X` has not one column per name, or a name occurs twice.
    """
    if len(set(names)) != len(names):
        raise ArgumentError(f"names must differ from each other, got {list(names)}")
    if X is None:
        return tuple(sympy.Symbol(name, real=True) for name in names)
    if X.ndim != 2 or X.shape[1] != len(names):
        raise ArgumentError(f"X must have shape (n, {len(names)}), one column per name, got {X.shape}")
    positive = (X > 0).all(axis=0) & (X.shape[0] > 0)
    return tuple(
        sympy.Symbol(name, positive=True) if column else sympy.Symbol(name, real=True)
        for name, column in zip(names, positive, strict=True)
    )


def plain(expression: sympy.Expr, names: Iterable[str] | None = None) -> sympy.Expr:
    """The expression with every symbol replaced by a `plain_symbol` of the same name.

    Parameters
    ----------
    expression : sympy.Expr
        With symbols of any assumptions.
    names : iterable of str, optional
        The names to replace; all by default.
    """
    wanted = None if names is None else set(names)
    return rename(
        expression,
        {
            symbol: plain_symbol(symbol.name)
            for symbol in expression.atoms(sympy.Symbol)
            if wanted is None or symbol.name in wanted
        },
    )


def rename(expression: sympy.Expr, symbols: Mapping[sympy.Symbol, sympy.Symbol]) -> sympy.Expr:
    """Replace symbols by symbols and keep the tree exactly as it is.

    Rebuilding with evaluation would distribute a factored ``4.9*(x - y)`` again.
    """
    if isinstance(expression, sympy.Symbol):
        return symbols.get(expression, expression)
    if not expression.args:
        return expression
    arguments = [rename(argument, symbols) for argument in expression.args]
    return rebuild(expression.func, arguments, expression)


def rebuild(function: type, arguments: Sequence[sympy.Basic], original: sympy.Expr | None = None) -> sympy.Expr:
    """The node ``function(*arguments)``, in canonical argument order but otherwise unevaluated where possible.

    The evaluated node is taken when it has the same arguments; otherwise the node is built without evaluation.
    """
    if original is not None and tuple(arguments) == original.args:
        return original
    evaluated = function(*arguments)
    same = evaluated.func is function and len(evaluated.args) == len(arguments)
    if same and set(evaluated.args) == set(arguments):
        return evaluated
    return function(*arguments, evaluate=False)


def safe_identifiers(names: Sequence[str], reserved: Iterable[str] = (), *, fold_case: bool = True) -> dict[str, str]:
    """A distinct ASCII identifier for every column name, for printed code in any language.

    Greek letters are spelled out (``λ (nm)`` becomes ``lambda_nm``), other signs become underscores, and names that
    are Python keywords, in `reserved`, or already taken get a number. With `fold_case`, t and T are the same name, as
    in Fortran.

    Examples
    --------
    >>> safe_identifiers(["x", "λ (nm)", "2theta", "x-1", "x_1"])
    {'x': 'x', 'λ (nm)': 'lambda_nm', '2theta': 'x_2theta', 'x-1': 'x_1', 'x_1': 'x_1_2'}
    """
    folded = str.lower if fold_case else str
    taken = {folded(word) for word in (*reserved, *keyword.kwlist)}
    result: dict[str, str] = {}
    for name in names:
        base = re.sub(r"\W+", "_", "".join(map(_ascii, name)), flags=re.ASCII).strip("_") or "x"
        if base[0].isdigit():
            base = f"x_{base}"
        candidate, number = base, 2
        while folded(candidate) in taken:
            candidate, number = f"{base}_{number}", number + 1
        taken.add(folded(candidate))
        result[name] = candidate
    return result


def greek_name(letter: str) -> str | None:
    """The name of a Greek letter, ``"lambda"`` for λ and ``"Omega"`` for Ω; None for other characters."""
    words = unicodedata.name(letter, "").split()
    if len(words) < 4 or words[0] != "GREEK" or words[2] != "LETTER" or words[1] not in ("SMALL", "CAPITAL"):
        return {"µ": "mu", "Ω": "Omega", "ϕ": "phi", "ϵ": "epsilon"}.get(letter)
    word = {"LAMDA": "lambda", "FINAL": "sigma"}.get(words[3], words[3].lower())
    return word.capitalize() if words[1] == "CAPITAL" else word


def _ascii(letter: str) -> str:
    greek = greek_name(letter)
    if greek is not None:
        return greek
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "_"


# fmt: off
GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
    "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "varepsilon", "vartheta", "varphi",
    "varrho", "varsigma",
})
# fmt: on
"""Greek letters that LaTeX has commands for; the other capitals look like Latin letters."""

LETTERS = GREEK | {"hbar", "ell"}
"""Words that stand for one letter."""


ABBREVIATIONS = {"eps": "varepsilon", "lam": "lambda", "lamda": "lambda"}
"""What programs call letters whose names are long, or taken by the language."""


def split_name(name: str) -> tuple[str, str | None] | None:
    """A name as word and subscript, None where it is neither and is set as it is.

    Examples
    --------
    >>> split_name("x_0"), split_name("theta1"), split_name("T_max"), split_name("period"), split_name("x-1")
    (('x', '0'), ('theta', '1'), ('T', 'max'), ('period', None), None)

    Several subscripts belong to a letter only: ``rho_c_0``, but not ``semi_major_axis``. ``eps`` and ``lam`` are the
    letters that they are short for.
    """
    match = re.fullmatch(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)", name)
    if match is None:
        return None
    word, number, rest = match.groups()
    word = ABBREVIATIONS.get(word, word)
    subscripts = [part for part in (number, *rest.split("_")) if part]
    if len(subscripts) > 1 and len(word) > 1 and word not in LETTERS:
        return None
    return word, "_".join(subscripts) or None


def is_letter(name: str) -> bool:
    """Whether a name is set as one letter, perhaps with a subscript; others are upright words."""
    found = split_name(name)
    return found is not None and (len(found[0]) == 1 or found[0] in LETTERS)


def greek(letter: str) -> str | None:
    """The command of a Greek letter, None for one that has none."""
    word = greek_name(letter)
    return word if word in GREEK else None
