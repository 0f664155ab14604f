"""How column names are set: Greek letters, subscripts, words."""

import re

from kansym.symbolic.naming import greek_name

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


SHORT = {"eps": "varepsilon", "lam": "lambda", "lamda": "lambda"}
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
    word = SHORT.get(word, word)
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
