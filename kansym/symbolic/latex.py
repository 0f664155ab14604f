# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas as LaTeX."""

import re
from collections.abc import Mapping

import sympy
from sympy.printing.latex import LatexPrinter

from kansym.symbolic.naming import greek_name
from kansym.symbolic.number_format import Digits, split_number, with_whole_numbers

# fmt: off
GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta",
    "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "varepsilon", "vartheta", "varphi",
    "varrho", "varsigma",
})
# fmt: on
"""Greek letters that LaTeX has commands for; the other capitals look like Latin letters."""

_ESCAPES = {
    "\\": r"\backslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\hat{}",
    "~": r"\sim{}",
    " ": r"\ ",
}


def to_latex(expression: sympy.Expr, *, names: Mapping[str, str] | None = None, digits: Digits = 6) -> str:
    r"""A formula in LaTeX.

    Parameters
    ----------
    expression : sympy.Expr
    names : mapping of str to str, optional
        LaTeX for symbol names; by default `name_to_latex`.
    digits : int or mapping, default 6
        Significant digits of constants, or their standard errors by value (see
        `kansym.symbolic.number_format.split_number`). Powers of ten are written out: ``1.2 \times 10^{-19}``.
    """
    return _Printer(names or {}, digits).doprint(with_whole_numbers(expression, digits))


def name_to_latex(name: str) -> str:
    r"""LaTeX for a column name, which may be any string.

    Single letters are italic, Greek names and letters are Greek, what follows an underscore or a trailing number is a
    subscript, words are upright: ``x_0`` to ``x_{0}``, ``lambda`` to ``\lambda``, ``λ (nm)`` to
    ``\mathrm{\lambda\ (nm)}``.
    """
    match = re.fullmatch(r"([^\W\d_]+)(?:_?(\d+)|_([^\W_]+))?", name)
    if match is None:
        return rf"\mathrm{{{_escaped(name)}}}"
    word, number, subscript = match.groups()
    base = _word(word)
    if number is not None:
        return f"{base}_{{{number}}}"
    return base if subscript is None else f"{base}_{{{_word(subscript)}}}"


def _word(word: str) -> str:
    if word in GREEK:
        return f"\\{word}"
    if len(word) > 1:
        return word if word.isdigit() else rf"\mathrm{{{_escaped(word)}}}"
    return _escaped(word)


def _escaped(text: str) -> str:
    pieces: list[str] = []
    for letter in text:
        greek = greek_name(letter)
        if greek in GREEK:
            pieces.append(f"\\{greek}{{}}" if len(text) > 1 else f"\\{greek}")
        else:
            pieces.append(_ESCAPES.get(letter, letter))
    # An empty group ends the command only where a letter would run into it.
    return re.sub(r"(\\[A-Za-z]+)\{\}(?![A-Za-z])", r"\1", "".join(pieces))


class _Printer(LatexPrinter):
    def __init__(self, names: Mapping[str, str], digits: Digits) -> None:
        super().__init__({"ln_notation": True})
        self._names, self._digits = names, digits

    def _print_Float(self, expr: sympy.Float) -> str:
        mantissa, order = split_number(float(expr), self._digits)
        if order == 0:
            return mantissa
        return rf"{mantissa} \times 10^{{{order}}}"

    def _print_Symbol(self, expr: sympy.Symbol, style: str = "plain") -> str:
        del style
        return self._names.get(expr.name) or name_to_latex(expr.name)

    def _print_Pow(self, expr: sympy.Pow) -> str:
        base, exponent = expr.args
        if isinstance(base, sympy.Float) and split_number(float(base), self._digits)[1]:
            return rf"\left({self._print(base)}\right)^{{{self._print(exponent)}}}"
        return super()._print_Pow(expr)
