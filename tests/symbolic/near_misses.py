"""Pairs of formulas that come near each other and are not the same. Data only.

The verdict is written where it is clear beforehand: "constants" for the same form with other constants, "data" for
formulas that agree on the data and differ beyond, "different"; "" where a matter of degree decides between the last
two. Never is it the same formula, however small the box.
"""

from typing import NamedTuple

Box = dict[str, tuple[float, float]]


class Miss(NamedTuple):
    """Two formulas, the range of each column, and the verdict."""

    first: str
    second: str
    box: Box
    kind: str


MISSES: list[Miss] = []


def miss(first: str, second: str, box: Box, kind: str = "different") -> None:
    """One pair."""
    MISSES.append(Miss(first, second, box, kind))


def family(first: str, second: str, kind: str, boxes: list[Box], *settings: dict[str, str]) -> None:
    """A pair per setting of the upper-case letters in braces and per box."""
    for values in settings or ({},):
        for box in boxes:
            miss(first.format(**values), second.format(**values), box, kind)


X = "x"

# -- the first terms of a series, on boxes from wide to tiny ----------------------------------------------------------
family("x", "sin(x)", "different", [{X: (-1, 1)}, {X: (-0.1, 0.1)}, {X: (-1e-2, 1e-2)}])
family("x", "sin(x)", "data", [{X: (-1e-5, 1e-5)}, {X: (0, 1e-8)}, {X: (1e-19, 2e-19)}])
family("{A}*x", "{A}*sin(x)", "different", [{X: (-1e-2, 1e-2)}], {"A": "2.5"}, {"A": "1.6e-19"})
family(
    "{A}*x", "{A}/{B}*sin({B}*x)", "different", [{X: (-0.3, 0.3)}], {"A": "2.5", "B": "1.3"}, {"A": "0.1", "B": "0.2"}
)
family("{A}*x", "{A}/{B}*sin({B}*x)", "data", [{X: (-1e-5, 1e-5)}], {"A": "2.5", "B": "1.3"}, {"A": "0.1", "B": "0.2"})
family("x", "tan(x)", "different", [{X: (-0.1, 0.1)}])
family("x", "tanh(x)", "different", [{X: (-0.05, 0.05)}])
family("x", "sinh(x)", "data", [{X: (-1e-6, 1e-6)}])
family("x", "asin(x)", "different", [{X: (0, 0.05)}])
family("x", "log(1 + x)", "different", [{X: (0, 1e-3)}])
family("x", "log(1 + x)", "data", [{X: (0, 1e-9)}])
family("cos(x)", "1 - x**2/2", "different", [{X: (-1, 1)}, {X: (-0.1, 0.1)}])
family("cos(x)", "1 - x**2/2 + x**4/24", "different", [{X: (-1, 1)}])
family("{A}*cos({B}*x)", "{A} - {A}*{B}**2/2*x**2", "different", [{X: (-0.2, 0.2)}], {"A": "3.0", "B": "1.5"})
family("sin(x)", "x - x**3/6 + x**5/120 - x**7/5040", "", [{X: (-0.5, 0.5)}])
family("exp(x)", "1 + x + x**2/2 + x**3/6", "different", [{X: (-0.3, 0.3)}])
family("exp(x)", "1 + x", "different", [{X: (0, 1e-4)}])
family("exp(x)", "(1 + x/50)**50", "different", [{X: (-1, 1)}, {X: (0, 0.1)}])
family("exp(x)", "(1 + x/2)/(1 - x/2)", "different", [{X: (-0.5, 0.5)}])
family("sqrt(1 + x)", "1 + x/2", "different", [{X: (0, 0.1)}])
family("1/(1 - x)", "1 + x + x**2 + x**3", "different", [{X: (-0.1, 0.1)}])
family("1/(1 + x)", "exp(-x)", "different", [{X: (0, 0.1)}])
family("1/sqrt(1 - x**2)", "1 + x**2/2", "different", [{X: (0, 0.3)}])
family("1/sqrt(1 - x**2)", "1 + x**2/2", "data", [{X: (0, 1e-7)}])
family("log(1 + x)", "2*x/(2 + x)", "different", [{X: (0, 0.5)}])
family("tan(x)", "x + x**3/3", "different", [{X: (-0.3, 0.3)}])
family("sinc(x)", "1 - x**2/6", "different", [{X: (0.1, 1)}])
family("besselj(0, x)", "1 - x**2/4 + x**4/64", "different", [{X: (0, 1)}])
family("besselj(0, x)", "cos(x/sqrt(2))", "different", [{X: (0, 0.5)}])
family("besselj(0, x)", "sqrt(2/(pi*x))*cos(x - pi/4)", "different", [{X: (20, 40)}])
family("erf(x)", "2*x/sqrt(pi)", "different", [{X: (-0.1, 0.1)}])
family("gamma(x + 1)", "sqrt(2*pi*x)*exp(x*log(x) - x)", "different", [{X: (5, 20)}])
family("loggamma(x)", "(x - 1/2)*log(x) - x + log(2*pi)/2 + 1/(12*x)", "", [{X: (5, 50)}])
family("atan(x)", "pi/2 - 1/x", "different", [{X: (5, 50)}])

# -- other functions of the same look ---------------------------------------------------------------------------------
family("tanh(x)", "erf(x)", "different", [{X: (-3, 3)}, {X: (0, 0.5)}, {X: (2, 3)}])
family("tanh(x)", "erf(x)", "data", [{X: (30, 40)}, {X: (1000, 1001)}])
family("tanh(x)", "erf(sqrt(pi)*x/2)", "different", [{X: (-3, 3)}])
family("tanh({K}*x)", "2/pi*atan(pi/2*{K}*x)", "different", [{X: (-3, 3)}], {"K": "0.7"})
family("tanh(x)", "x/sqrt(1 + x**2)", "different", [{X: (-2, 2)}])
family("tanh(x)", "x/(1 + abs(x))", "different", [{X: (-2, 2)}])
family("coth(x) - 1/x", "tanh(x/3)", "different", [{X: (0.1, 4)}])
family("1/(1 + exp(-{K}*x))", "(1 + erf({K}*x/2.406))/2", "different", [{X: (-4, 4)}], {"K": "1.7"})
family(
    "{V}*x/({K} + x)",
    "{V}*(1 - exp(-x/{K}))",
    "different",
    [{X: (0, 9)}],
    {"V": "2.0", "K": "1.5"},
    {"V": "0.3", "K": "30.0"},
)
family("{V}*x/({K} + x)", "{V}*tanh(x/{K})", "different", [{X: (0, 9)}], {"V": "2.0", "K": "1.5"})
family("{V}*x/({K} + x)", "{V}*x/sqrt({K}**2 + x**2)", "different", [{X: (0, 9)}], {"V": "2.0", "K": "1.5"})
family("{V}*x/({K} + x)", "{V}*x**1.02/({K} + x**1.02)", "different", [{X: (0.5, 9)}], {"V": "2.0", "K": "1.5"})
family(
    "{A}/(1 + ((x - {M})/{G})**2)",
    "{A}*exp(-((x - {M})/{G})**2)",
    "different",
    [{X: (0, 5)}],
    {"A": "1.0", "M": "2.4", "G": "0.9"},
    {"A": "8.0", "M": "1.0", "G": "3.0"},
)
family(
    "{A}/cosh((x - {M})/{G})**2",
    "{A}*exp(-((x - {M})/{G})**2)",
    "different",
    [{X: (0, 5)}],
    {"A": "1.0", "M": "2.4", "G": "0.9"},
)
family("{A}/cosh(x/{G})", "{A}/(1 + (x/{G})**2/2)", "different", [{X: (-2, 2)}], {"A": "1.0", "G": "0.9"})
family(
    "{A}*x**3/(exp({B}*x) - 1)",
    "{A}*x**3*exp(-{B}*x)",
    "different",
    [{X: (1, 9)}],
    {"A": "39.7", "B": "0.528"},
    {"A": "1.0", "B": "1.5"},
)
family("{A}*x**3/(exp({B}*x) - 1)", "{A}*x**3*exp(-{B}*x)", "data", [{X: (60, 90)}], {"A": "39.7", "B": "0.528"})
family("{A}*x**3/(exp({B}*x) - 1)", "{A}/{B}*x**2", "different", [{X: (0.01, 0.1)}], {"A": "39.7", "B": "0.528"})
family(
    "{A}*x**3/(exp({B}*x) - 1)", "{A}*x**3/(exp({B}*x) + 1)", "different", [{X: (1, 9)}], {"A": "39.7", "B": "0.528"}
)
family("1/(exp((x - {M})/{T}) + 1)", "1/(exp((x - {M})/{T}) - 1)", "different", [{X: (3, 5)}], {"M": "2.1", "T": "0.3"})
family("exp(-{G}*x)*cos({W}*x)", "exp(-{G}*x**2)*cos({W}*x)", "different", [{X: (0, 1)}], {"G": "0.2", "W": "4.0"})
family("exp(-{G}*x)", "1/(1 + {G}*x)", "different", [{X: (0, 1)}], {"G": "0.2"})
family("exp(-{G}*x)", "2**(-{G}*x)", "constants", [{X: (0, 1)}], {"G": "0.2"})
family("{A}*log(x + {B})", "{A}*asinh(x + {B})", "different", [{X: (3, 9)}], {"A": "1.3", "B": "2.0"})
family(
    "{A}*x**{N}",
    "{A}*x**{M}",
    "constants",
    [{X: (1, 9)}],
    {"A": "1.3", "N": "1.72", "M": "1.73"},
    {"A": "0.1", "N": "-0.31", "M": "0.24"},
)
family("{A}*sqrt(x + {B})", "{A}*log(x + {B})", "different", [{X: (3, 9)}], {"A": "1.3", "B": "2.0"})
family("{A}*(x/{B})**1.7", "{A}*exp(1.7*(x - {B})/{B})", "different", [{X: (1000, 1001)}], {"A": "1.3", "B": "1000.5"})
family("abs(sin(x))", "sin(x)**2", "different", [{X: (0, 6)}])
family("x*exp(-x)", "x/(1 + x + x**2/2)", "different", [{X: (0, 1)}])
family("sin(x)/x", "exp(-x**2/6)", "different", [{X: (0.1, 1)}])
family(
    "{A}*((S/x)**12 - (S/x)**6)".replace("S", "3.4"),
    "{A}*((S/x)**13 - (S/x)**6)".replace("S", "3.4"),
    "different",
    [{X: (3, 6)}],
    {"A": "0.04"},
)

# -- exponents --------------------------------------------------------------------------------------------------------
family("x**2", "x**2.01", "different", [{X: (1, 2)}, {X: (0.1, 10)}, {X: (1000, 1001)}])
family("x**2", "x**2.0001", "different", [{X: (1, 2)}])
family("x**2", "x**2.000000049", "", [{X: (1, 2)}])
family("x**(3/2)", "x**1.4998", "different", [{X: (0.4, 30)}])
family("{A}*x**(3/2)", "{A}*x**1.4998", "different", [{X: (0.4, 30)}], {"A": "0.99937"})
family("x**(1/3)", "x**0.333", "different", [{X: (1, 2)}])
family("x**(1/3)", "x**(1/4)", "different", [{X: (1, 2)}])
family("{A}/x**2", "{A}/x**2.002", "different", [{X: (0.5, 3)}], {"A": "8.99e9"})
family("{A}/(x**2 + {B})", "{A}/(x**2.02 + {B})", "different", [{X: (0.5, 3)}], {"A": "2.0", "B": "0.4"})
family("sqrt(x)", "x**0.5001", "different", [{X: (1, 9)}])
family("{A}*x**4", "{A}*x**5", "different", [{X: (300, 310)}], {"A": "5.67e-8"})

# -- a term that is small ---------------------------------------------------------------------------------------------
family(
    "{F}",
    "{F} + 1e-5*{G}",
    "different",
    [{X: (0.5, 3)}],
    {"F": "x", "G": "x**2"},
    {"F": "sin(x)", "G": "x"},
    {"F": "exp(-x)", "G": "exp(-2*x)"},
    {"F": "x**2", "G": "cos(3*x)"},
    {"F": "1/x", "G": "log(x)"},
    {"F": "log(x)", "G": "1/x"},
)
family(
    "{F}",
    "{F} + 1e-5",
    "different",
    [{X: (0.5, 3)}],
    {"F": "x"},
    {"F": "tanh(x)"},
    {"F": "sqrt(x)"},
    {"F": "1/(1 + x)"},
)
family(
    "{F}", "{F} + 1e-8*x**3", "data", [{X: (0.5, 3)}], {"F": "x"}, {"F": "2.5*exp(-0.4*x)"}, {"F": "sin(x) + x**2/3"}
)
family("{F}", "{F} + 1e-11*sin(x)", "data", [{X: (0.5, 3)}], {"F": "x"}, {"F": "1.0*x"}, {"F": "1.0*log(x)"})
family(
    "{F}", "{F}*(1 + 1e-5*x)", "different", [{X: (0.5, 3)}], {"F": "x**2"}, {"F": "sin(x)"}, {"F": "2.5*exp(-0.4*x)"}
)
family("{A}*exp(-x/{T})", "{A}*exp(-x/{T}) + 0.0001", "different", [{X: (0, 5)}], {"A": "8.9", "T": "0.44"})

# -- a constant that is off -------------------------------------------------------------------------------------------
family(
    "{A}*sin({B}*x + {C})",
    "{A}*sin({D}*x + {C})",
    "constants",
    [{X: (0, 5)}],
    {"A": "2.5", "B": "1.3", "C": "0.4", "D": "1.30003"},
    {"A": "2.5", "B": "1.3", "C": "0.4", "D": "1.3000001"},
)
family(
    "{A}*exp(-{B}*x) + {C}",
    "{A}*exp(-{B}*x) + {D}",
    "constants",
    [{X: (0, 5)}],
    {"A": "8.91", "B": "2.28", "C": "0.28861", "D": "0.28862"},
    {"A": "8.91", "B": "2.28", "C": "0.28861", "D": "0.38861"},
)
family("{A}*x/({B} + x)", "{C}*x/({B} + x)", "constants", [{X: (0, 5)}], {"A": "3.1234", "B": "1.5", "C": "3.1235"})
family("{A}*x/({B} + x)", "{A}/(1 + {C}/x)", "constants", [{X: (0.1, 5)}], {"A": "3.1234", "B": "1.5", "C": "1.50002"})
family(
    "{A}/({B} + x)",
    "1/({C}*x + {D})",
    "constants",
    [{X: (0, 5)}],
    {"A": "3.0", "B": "2.0", "C": "0.33333", "D": "0.66667"},
    {"A": "3.0", "B": "2.0", "C": "1.1", "D": "0.4"},
)
family("{A}*x**2 + {B}", "{A}*x**2 + {C}", "constants", [{X: (0, 5)}], {"A": "4.9", "B": "1.5", "C": "1.50005"})
family("2*x + 3", "2.00003*x + 3", "constants", [{X: (0, 5)}])
family("x/3", "0.33333*x", "constants", [{X: (0, 5)}])
family("pi*x**2", "22/7*x**2", "constants", [{X: (0, 5)}])
family("pi*x**2", "3.14159*x**2", "constants", [{X: (0, 5)}])
family("pi*x", "355/113*x", "constants", [{X: (0, 5)}])
family(
    "{A}*cos({B}*x) + {C}*sin({B}*x)",
    "{D}*sin({B}*x + {E})",
    "constants",
    [{X: (0, 5)}],
    {"A": "1.2", "B": "2.0", "C": "0.5", "D": "1.30001", "E": "1.17601"},
)
family("{A}*sin({B}*x)", "{A}*cos({C}*x)*sin({B}*x)", "different", [{X: (0, 5)}], {"A": "2.0", "B": "1.3", "C": "0.01"})
family("(x - {A})**2", "x**2 - 2*{A}*x + {B}", "different", [{X: (1000, 1001)}], {"A": "1000.3", "B": "1000601.0"})
family("sqrt(x**2 + {A})", "sqrt(x**2 + {B})", "constants", [{X: (0, 2)}], {"A": "0.511", "B": "0.51101"})
family("log(1 + exp(x))", "log(1.0001 + exp(x))", "constants", [{X: (-3, 3)}])

# -- terms that cannot be seen ----------------------------------------------------------------------------------------
family("sinh(x)", "exp(x)/2", "different", [{X: (0.5, 3)}])
family("sinh(x)", "exp(x)/2", "data", [{X: (8, 20)}, {X: (50, 60)}, {X: (300, 301)}, {X: (690, 700)}])
family(
    "{A}*cosh({B}*x)",
    "{A}/2*exp({B}*x)",
    "data",
    [{X: (100, 101)}],
    {"A": "1.3", "B": "0.7"},
    {"A": "0.02", "B": "2.0"},
)
family("coth(x)", "1 + 0*x", "data", [{X: (40, 60)}])
family("sqrt(x**2 + 1)", "x", "data", [{X: (1e6, 1e7)}])
family("sqrt(x**2 + 1)", "x + 1/(2*x)", "data", [{X: (1e4, 1e5)}])
family("log(1 + exp(x))", "x", "data", [{X: (30, 60)}])
family("x + exp(-x**2)", "x", "data", [{X: (20, 50)}])
family("1/(1 + exp(-x))", "1 - exp(-x)", "data", [{X: (20, 50)}])

# -- signs, kinks and domains -----------------------------------------------------------------------------------------
miss("abs(x - 4)", "4 - x", {X: (0.5, 3.9)}, "data")
miss("sqrt((x - 2)**2)", "x - 2", {X: (2.1, 4)}, "data")
miss("sqrt(x**2)", "x", {X: (-1, 1)})
miss("log(x**2)", "2*log(x)", {X: (-1, 1)})
miss("sqrt(x)", "sqrt(abs(x))", {X: (-1, 1)})
miss("sqrt(x**2 - 2*x + 1)", "1 - x", {X: (0, 3)})
miss("asin(sin(x))", "x", {X: (0, 3)})
miss("asin(sin(x))", "x", {X: (-1.5, 1.5)}, "data")
miss("atan(tan(x))", "x", {X: (0, 1.5)}, "data")
miss("x*Heaviside(x - 1)", "x", {X: (1.01, 3)}, "data")
miss("x**3", "abs(x)**3", {X: (-1, 1)})
miss("abs(x - 0.01)", "x - 0.01", {X: (0, 1)}, "")
miss("log(abs(x - 0.5))", "log(x - 0.5)", {X: (0, 1)})
miss("x", "-x", {X: (-1, 1)})
miss("sin(x)", "sin(x + pi)", {X: (0, 6)})
miss("sin(x)", "cos(x)", {X: (0.7, 0.8)})
miss("acos(cos(x))", "x", {X: (0.1, 3)}, "data")

# -- two columns ------------------------------------------------------------------------------------------------------
XY = {X: (1, 3), "y": (1, 3)}
miss("x - y", "y - x", XY)
miss("x/y", "y/x", XY)
miss("x*y", "x*y + 1e-5*x**2", XY)
miss("x**2 + y**2", "x**2 + y**2 + x*y/100", XY)
miss("sqrt(x**2 + y**2)", "x + y**2/(2*x)", {X: (10, 20), "y": (0, 1)})
miss("x*y/(x + y)", "sqrt(x*y)/2", XY)
miss("1/(1/x + 1/y)", "1/(1/x - 1/y)", {X: (1, 2), "y": (3, 4)})
miss("sin(x + y)", "sin(x) + sin(y)", {X: (0, 0.2), "y": (0, 0.2)})
miss("sin(x)*cos(y)", "sin(x)*(1 - y**2/2)", {X: (0, 3), "y": (0, 0.3)})
miss("exp(-x*y)", "1/(1 + x*y)", {X: (0, 0.3), "y": (0, 0.3)})
miss("atan2(y, x)", "atan(y/x)", {X: (-1, 1), "y": (1, 2)})
miss("x**y", "y**x", XY)
miss("1/sqrt(1 - x**2/y**2)", "1 + x**2/(2*y**2)", {X: (0, 1), "y": (3, 5)})
miss("1/sqrt(1 - x**2/y**2)", "1 + x**2/(2*y**2)", {X: (0, 300), "y": (2.9e8, 3.1e8)}, "data")
miss("y*sqrt((1 + x)/(1 - x))", "y*(1 + x)", {X: (0, 0.1), "y": (1, 2)})
miss("x*tanh(y/x)", "y", {X: (50, 60), "y": (0, 1)})
miss("(x + y + abs(x - y))/2", "x", {X: (3, 4), "y": (1, 3)}, "data")
miss("x*exp(-y)", "x*exp(-y**2)", {X: (1, 2), "y": (0, 1)})
family("{A}*x/y**2", "{B}*x/y**2", "constants", [XY], {"A": "6.674e-11", "B": "6.672e-11"})
family("{A}*x + {B}*y", "{A}*x + {C}*y", "constants", [XY], {"A": "1.5", "B": "2.25", "C": "2.25003"})
family("{A}*x*y/({B} + y)", "{A}*x*(1 - exp(-y/{B}))", "different", [XY], {"A": "1.5", "B": "2.25"})
family("(x + y)/(1 + x*y/{C})", "x + y", "data", [{X: (10, 100), "y": (10, 100)}], {"C": "8.98755e16"})
family("(x + y)/(1 + x*y/{C})", "x + y", "different", [{X: (0, 2e8), "y": (0, 2e8)}], {"C": "8.98755e16"})

# -- three columns and more -------------------------------------------------------------------------------------------
XYZ = {X: (1, 3), "y": (1, 3), "z": (1, 3)}
miss("x*y*z", "x*y*z + 1e-4*x", XYZ)
miss("x*y/z**2", "x*y/z**1.99", XYZ)
miss("x*y + z", "x*z + y", XYZ)
miss("sqrt(x**2 + y**2 + z**2)", "(x + y + z)/sqrt(3)", {X: (1, 1.1), "y": (1, 1.1), "z": (1, 1.1)})
miss("(x + y)/(1 + x*y/z**2)", "x + y", {X: (0, 1), "y": (0, 1), "z": (10, 20)})
miss("x*(y - z)", "x*y - z", XYZ)
miss("x/(exp(y/z) - 1)", "x*z/y", {X: (1, 2), "y": (0.1, 0.2), "z": (5, 9)})
miss("x*z**2*(1/sqrt(1 - y**2/z**2) - 1)", "x*y**2/2", {X: (1, 5), "y": (0.1, 0.3), "z": (2, 4)})
miss(
    "sqrt(x**2 + y**2 - 2*x*y*cos(z))",
    "sqrt(x**2 + y**2 - 2*x*y*(1 - z**2/2))",
    {X: (1, 2), "y": (1, 2), "z": (0.1, 0.9)},
)
miss("x*exp(-(y - z)**2)", "x/(1 + (y - z)**2)", XYZ)
miss("x*y*sin(z)", "x*y*z", {X: (1, 2), "y": (1, 2), "z": (1e-4, 1e-3)}, "data")
miss("(x - y)*(z - w)", "(x - w)*(z - y)", {**XYZ, "w": (1, 3)})
family(
    "x*{R}*y/(z - {B}) - {A}*x**2/z**2",
    "x*{R}*y/z",
    "different",
    [{X: (1, 3), "y": (250, 500), "z": (1, 40)}],
    {"R": "0.08314", "A": "3.64", "B": "0.04267"},
)
family("{A}*x*y*z**{N}", "{A}*x*y*z**{M}", "constants", [XYZ], {"A": "1.5", "N": "1.61", "M": "1.611"})
