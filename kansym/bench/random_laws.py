"""Random laws of many shapes, to work on and to report on: nobody has seen them, and no tool is tuned to them."""

import re
from collections.abc import Callable, Mapping

import numpy as np

from kansym.bench.acceptance import objection
from kansym.bench.dice import Dice
from kansym.bench.draft import Draft
from kansym.bench.law import Law
from kansym.errors import KansymError
from kansym.symbolic.parser import parse_expression

SOURCE = "drawn at random by kansym.bench.random_laws"

MOST_TRIES = 5000
"""Drafts for one law; about one in five is accepted."""

IDLE_SHARE = 0.12
"""Laws with one or two columns that do not matter."""

Shape = Callable[[Draft], str]


def random_law(generator: np.random.Generator, name: str) -> Law:
    """A law of any of `SHAPES`.

    Parameters
    ----------
    generator : numpy.random.Generator
        Decides everything.
    name : str
    """
    dice = Dice(generator)
    shape = dice.pick(tuple(SHAPES), tuple(share for _, share in SHAPES.values()))
    maker, _ = SHAPES[shape]
    return _law(generator, name, shape, maker, lambda: dice.pick((1, 2, 3, 4, 5), (0.2, 0.3, 0.25, 0.15, 0.1)))


def random_sum(generator: np.random.Generator, name: str) -> Law:
    """A sum of two to four terms in one to three columns, with constants inside of them.

    Parameters
    ----------
    generator : numpy.random.Generator
        Decides everything.
    name : str
    """
    dice = Dice(generator)
    return _law(generator, name, "sum of terms", _terms, lambda: dice.pick((1, 2, 3), (0.4, 0.35, 0.25)), idle=0.0)


def _law(
    generator: np.random.Generator,
    name: str,
    shape: str,
    maker: Shape,
    columns: Callable[[], int],
    *,
    idle: float = IDLE_SHARE,
) -> Law:
    dice = Dice(generator)
    more = dice.whole(1, 2) if dice.chance(idle) else 0
    for _ in range(MOST_TRIES):
        count = max(columns(), LEAST_COLUMNS.get(shape, 1))
        draft = Draft(dice, generator, count, more)
        try:
            text = _tidied(maker(draft))
            formula = parse_expression(text, draft.names)
        except (KansymError, ArithmeticError, ValueError):
            # A draft with a constant out of bounds, or of no size.
            continue
        if {str(symbol) for symbol in formula.free_symbols} != set(draft.names):
            continue
        if objection(formula, draft.variables, generator) is None:
            order = dice.shuffled(draft.variables)
            title = shape + (f", {more} idle column{'s' * (more > 1)}" if more else "")
            return Law(name=name, title=title, formula=text, target="f", variables=tuple(order), source=SOURCE)
    raise ArithmeticError(f"no law of the shape {shape!r} in {MOST_TRIES} drafts")


def _tidied(text: str) -> str:
    """The text without parentheses that say nothing: around a name, and around others."""
    before = ""
    while text != before:
        before = text
        text = re.sub(r"(?<!\w)\((\w)\)", r"\1", text)
        text = re.sub(r"\(\(([^()]*)\)\)", r"(\1)", text)
    return text


def _terms(draft: Draft) -> str:
    """Two to four products, at least one of them with a constant inside."""
    dice = draft.dice
    size = dice.size(0.1, 50.0)
    count = dice.pick((2, 3, 4), (0.55, 0.33, 0.12))
    terms = [draft.factor(dice.pick(draft.names))]
    while len(terms) < count:
        term = draft.product(draft.names)
        if term not in terms:
            terms.append(term)
    return _signed(dice, [draft.scaled(term, size) for term in dice.shuffled(terms)])


def _signed(dice: Dice, terms: list[str]) -> str:
    text = ("-" if dice.chance(1 / 3) else "") + terms[0]
    return text + "".join(f"{dice.pick('+-')}{term}" for term in terms[1:])


def _product(draft: Draft) -> str:
    """One product of powers and functions of all columns, now and then with an offset."""
    dice = draft.dice
    factors = []
    for name in draft.names:
        power = f"{name}**{dice.pick(('2', '0.5', '(-1)', '3', '(-2)', '1.5'))}"
        factors.append(dice.pick((name, draft.factor(name), draft.factor(name), power)))
    size = dice.size(0.1, 50.0)
    offset = f"+{dice.constant(0.1 * size, size)}" if dice.chance(0.3) else ""
    return draft.scaled("*".join(factors), size) + offset


def _ratio(draft: Draft) -> str:
    """Saturation, competition, contrast: one piece over a sum."""
    dice = draft.dice
    a, b, u = draft.inner(draft.names), draft.inner(draft.names), dice.pick(draft.names)
    size = draft.extent(b).size

    def amount(least: float = 0.2, most: float = 1.0) -> str:
        return dice.constant(least * size, most * size)

    def rate(least: float = 0.5, most: float = 5.0, power: int = 1) -> str:
        return dice.constant(least / size**power, most / size**power)

    makers = (
        lambda: f"({a})/({amount()}+{b})",
        lambda: f"{draft.factor(a)}/(1+{rate()}*({b}))",
        lambda: f"1/(1/({a})+{dice.constant(0.3, 3)}/({b}))",
        lambda: f"(({a})-({b}))/(({a})+({b})+{amount(0.1)})",
        lambda: f"{u}*({a})/({u}+{amount()}*(1+({b})/{amount()}))",
        lambda: f"({b})**2/({amount()}**2+({b})**2)*{draft.factor(u)}",
        lambda: f"({a})/(1+{rate()}*({b})+{rate(power=2)}*({b})**2)",
    )
    return draft.scaled(dice.pick(makers)(), dice.size(0.1, 50.0))


CURVES = (
    "{w}**2*exp({w})/(exp({w})-1)**2", "(sin({w})/{w})**2", "1/(exp({w})+1)", "{w}**3/(exp({w})-1)",
    "{w}/sqrt(1+{w}**2)", "1/sqrt(1+{w}**2)", "1/tanh({w})-1/{w}", "exp(-{w}**2)*{w}**2", "log(1+exp({w}))",
    "exp(-{w})*cos(3*{w})", "sqrt(1+{w}**2)-1", "1/({w}**2+(1-{w}**2)**2)", "1/(1+{f}*sin({w})**2)",
    "{w}**{n}/({f}+{w}**{n})", "exp(-{w})*(1+{w}+{w}**2/3)", "log(1+{w})/{w}", "cos({w})**2/(1+{w}**2)",
)  # fmt: skip
"""Curves of one number, as reduced quantities have them."""


def _composite(draft: Draft) -> str:
    """A curve of one reduced quantity, times the columns that are not in it."""
    dice = draft.dice
    u = draft.inner(draft.names, combined=0.9)
    w = f"({_reduced(draft, u)})"
    curve = dice.pick(CURVES).format(w=w, f=dice.constant(0.3, 3), n=dice.constant(1.2, 4))
    others = [name for name in draft.names if name not in u]
    return draft.scaled("*".join([f"({curve})", *others]), dice.size(0.1, 50.0))


def _reduced(draft: Draft, u: str) -> str:
    """A piece times a constant that makes it a number of order one."""
    size = draft.extent(u).size
    return f"{draft.dice.constant(0.8 / size, 6 / size)}*({u})"


SHARED = (
    "{w}*exp(-{w})", "{w}/(1-exp(-{w}))", "(1-exp(-{w}))/(1+{w})", "{o}*sqrt({w})-{o}/(1+{w})",
    "({o}-{w})/(1+({o}-{w})**2)", "{w}*(1-{w})*{o}", "sin({w})+{o}*cos({w})", "{w}*log(1+{w})*{o}",
    "({o}+{w})*exp(-{w})", "exp(-{w})*(cos(2*{w})+{o}*sin(2*{w}))",
)  # fmt: skip
"""Formulas in which a piece comes up twice."""


def _shared(draft: Draft) -> str:
    w = f"({_reduced(draft, draft.inner(draft.names, combined=0.9))})"
    curve = draft.dice.pick(SHARED).format(w=w, o=draft.dice.pick(draft.names))
    return draft.scaled(f"({curve})", draft.dice.size(0.1, 50.0))


def _outer(draft: Draft) -> str:
    """A function of a sum of two products."""
    dice = draft.dice
    first = second = draft.product(draft.names, most=2, plain=0.6)
    while second == first:
        second = draft.product(draft.names, most=2, plain=0.6)
    first, second = draft.scaled(first, 2.0), draft.scaled(second, 2.0)
    inside = f"({dice.constant(0.5, 2)}+{first}{dice.pick('+-')}{second})"
    outer = dice.pick(("sqrt{s}", "log{s}", "exp(-0.3*{s})", "1/{s}", "{s}**2", "tanh(0.5*{s})")).format(s=inside)
    return f"{dice.constant(0.1, 50)}*{outer}"


def _absolute(draft: Draft) -> str:
    """|x|: a friction that changes its sign, a kink, a distance."""
    dice = draft.dice
    order = dice.shuffled(draft.names)
    u = order[0]
    extent = draft.extent(u)
    if extent.low >= 0 and dice.chance(0.5):
        # Lengths and temperatures have no second sign; a difference has.
        draft.within(u, -extent.high, extent.high)
    bend = f"{dice.between(extent.low + 0.25 * (extent.high - extent.low), extent.high):.3g}"
    kinks = [f"{u}*abs({u})", f"abs({u}-({bend}))", f"sqrt(abs({u}))", f"exp(-{_reduced(draft, f'abs({u})')})"]
    if len(order) > 1:
        draft.alike(u, order[1])
        kinks += [f"abs({u}-{order[1]})", f"abs({u}-{order[1]})*({u}-{order[1]})"]
    terms = [draft.scaled(dice.pick(kinks), 1.0), *(draft.scaled(draft.product([name]), 1.0) for name in order[1:])]
    if len(terms) == 1:
        terms.append(draft.scaled(draft.factor(u), 1.0))
    if len(terms) > 2 or dice.chance(0.5):
        return _signed(dice, terms)
    return "*".join(terms)


def _exponent(draft: Draft) -> str:
    """A column as an exponent: of a power law, of Hill's curve, of a stretched exponential."""
    dice = draft.dice
    base, power, *rest = dice.shuffled(draft.names)
    low, high = dice.pick(((0.2, 3.0), (0.5, 5.0), (1.0, 20.0)))
    draft.within(base, low, high)
    draft.within(power, *dice.pick(((0.5, 2.5), (1.0, 4.0), (-1.0, 2.0))))
    half = dice.constant(0.2 * high, 0.8 * high)
    curve = dice.pick(
        (
            f"({base}/{half})**{power}",
            f"{base}**{power}/({half}**{power}+{base}**{power})",
            f"exp(-({base}/{half})**{power})",
            f"(1-exp(-({base}/{half})**{power}))",
            f"(1+({base}/{half})**2)**(-{power})",
        )
    )
    others = [draft.product([name], plain=0.6) for name in rest]
    return draft.scaled("*".join([curve, *others]), dice.size(0.1, 50.0))


def _difference(draft: Draft) -> str:
    """A function of the difference of two columns of the same unit, over a third or over a constant."""
    dice = draft.dice
    a, b, *rest = dice.shuffled(draft.names)
    draft.alike(a, b)
    u, others = f"({a}-{b})", rest
    if rest and draft.extent(rest[0]).low > 0 and dice.chance(0.7):
        u, others = f"({a}-{b})/{rest[0]}", rest[1:]
    w = f"({_reduced(draft, u)})"
    curve = dice.pick(
        (
            f"1/(exp({w})+1)", f"exp(-{w}**2)", f"1/(1+{w}**2)", f"tanh({w})", f"{w}/(1+{w}**2)", f"(exp({w})-1)",
            f"cos({w})**2", f"({w}+sqrt(1+{w}**2))", f"log(1+exp({w}))",
        )
    )  # fmt: skip
    factors = [curve, *(draft.product([name], plain=0.6) for name in others)]
    text = draft.scaled("*".join(factors), 1.0)
    if dice.chance(0.3):
        text += f"+{draft.scaled(dice.pick((a, b)), 1.0)}"
    return text


def _oscillation(draft: Draft) -> str:
    """Damped and driven: a decaying wave, two waves, the answer of an oscillator to a frequency."""
    dice = draft.dice
    t, *rest = dice.shuffled(draft.names)
    low, high = dice.pick(((0.0, 10.0), (0.0, 3.0), (0.0, 40.0)))
    draft.within(t, low, high)
    wave = f"{dice.pick(('sin', 'cos'))}({dice.constant(4 / high, 18 / high)}*{t}{dice.pick(('', '+0.7', '-1.1'))})"
    decay = f"exp(-{dice.constant(0.7 / high, 4 / high)}*{t})"
    kind = dice.pick(("damped", "driven", "answer", "beat"))
    if kind == "answer":
        draft.within(t, 0.1, 3.0)
        own, width = dice.constant(0.6, 2.2), dice.constant(0.1, 0.8)
        curve = f"1/sqrt(({own}**2-{t}**2)**2+({width}*{t})**2)"
    elif kind == "driven":
        curve = f"({decay}*{wave}+{dice.constant(0.2, 1)}*cos({dice.constant(3 / high, 12 / high)}*{t}))"
    elif kind == "beat":
        curve = f"{wave}*cos({dice.constant(1 / high, 4 / high)}*{t})"
    else:
        curve = f"{decay}*{wave}"
    factors = [curve, *(draft.product([name], plain=0.6) for name in rest)]
    text = draft.scaled("*".join(factors), 1.0)
    return text + f"+{draft.scaled(t, 0.5)}" if dice.chance(0.25) else text


SHAPES: Mapping[str, tuple[Shape, float]] = {
    "sum": (_terms, 0.3),
    "product": (_product, 0.1),
    "ratio": (_ratio, 0.11),
    "composite": (_composite, 0.11),
    "shared": (_shared, 0.08),
    "outer": (_outer, 0.08),
    "absolute": (_absolute, 0.06),
    "exponent": (_exponent, 0.05),
    "difference": (_difference, 0.06),
    "oscillation": (_oscillation, 0.05),
}
"""Shapes by name, and the share of laws that have them."""

LEAST_COLUMNS = {"exponent": 2, "difference": 2}
"""Columns that a shape needs; one where nothing is said."""
