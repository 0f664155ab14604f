"""Pairs of formulas that are equal, written differently. Data only; `test_same.py` checks them with mpmath first.

Numbers with a point are constants. Where `rounded` is set they, and pi, carry random errors of 1e-10 when the pair is
compared, so that no digit beyond the tenth agrees; as written here every pair is an identity in its box.
"""

from typing import NamedTuple

Box = dict[str, tuple[float, float]]


class Pair(NamedTuple):
    """Two formulas and the range of each column."""

    first: str
    second: str
    box: Box
    rounded: bool


PAIRS: list[Pair] = []


def same(first: str, second: str, box: Box, *, rounded: bool = False) -> None:
    """One pair."""
    PAIRS.append(Pair(first, second, box, rounded))


def family(first: str, second: str, box: Box, *settings: dict[str, str], rounded: bool = True) -> None:
    """A pair per setting of the upper-case letters in braces."""
    for values in settings:
        PAIRS.append(Pair(first.format(**values), second.format(**values), box, rounded))


X = "x"

# -- trigonometric ----------------------------------------------------------------------------------------------------
same("sin(x)**2", "1 - cos(x)**2", {X: (0, 3)})
same("sin(x)**2", "(1 - cos(2*x))/2", {X: (-40, 40)})
same("cos(x)**2 - sin(x)**2", "cos(2*x)", {X: (1000, 1001)})
same("cos(3*x)", "4*cos(x)**3 - 3*cos(x)", {X: (-2, 5)})
same("sin(3*x)", "3*sin(x) - 4*sin(x)**3", {X: (1e-6, 2e-6)})
same("sin(5*x)", "16*sin(x)**5 - 20*sin(x)**3 + 5*sin(x)", {X: (0, 1)})
same("tan(x/2)", "(1 - cos(x))/sin(x)", {X: (0.1, 2.5)})
same("tan(x/2)", "sin(x)/(1 + cos(x))", {X: (1e-9, 1e-8)})
same("sin(x)**4", "3/8 - cos(2*x)/2 + cos(4*x)/8", {X: (0, 10)})
same("1/cos(x)**2", "1 + tan(x)**2", {X: (-1, 1)})
same("sec(x)*csc(x)", "2/sin(2*x)", {X: (0.2, 1.3)})
same("(1 - cos(x))/x**2", "2*sin(x/2)**2/x**2", {X: (1e-9, 1e-7)})
same("sinc(x)", "sin(x)/x", {X: (-20, 20)})
family(
    "{A}*sin({W}*x + {P})",
    "{A}*cos({W}*x + {P} - pi/2)",
    {X: (0, 6)},
    {"A": "2.5", "W": "1.3", "P": "0.4"},
    {"A": "-0.037", "W": "7.1", "P": "-2.2"},
    {"A": "6.02e23", "W": "0.11", "P": "1.0"},
    {"A": "1.6e-19", "W": "2.0", "P": "11.7"},
)
family(
    "{A}*sin({W}*x + {P})",
    "{A}*cos({P})*sin({W}*x) + {A}*sin({P})*cos({W}*x)",
    {X: (-3, 4)},
    {"A": "2.5", "W": "1.3", "P": "0.4"},
    {"A": "0.75", "W": "12.5", "P": "-1.9"},
    {"A": "314.0", "W": "0.2", "P": "2.2"},
)
family(
    "sin({A}*x) + sin({B}*x)",
    "2*sin(({A} + {B})/2*x)*cos(({A} - {B})/2*x)",
    {X: (0, 20)},
    {"A": "5.1", "B": "4.9"},
    {"A": "1.25", "B": "0.75"},
)
family(
    "cos({A}*x)*cos({B}*x)",
    "cos(({A} - {B})*x)/2 + cos(({A} + {B})*x)/2",
    {X: (0, 9)},
    {"A": "3.3", "B": "1.1"},
    {"A": "0.6", "B": "2.4"},
)
family(
    "{A}*cos(x) + {B}*sin(x)",
    "sqrt({A}**2 + {B}**2)*cos(x - atan2({B}, {A}))",
    {X: (0, 7)},
    {"A": "1.5", "B": "2.5"},
    {"A": "0.3", "B": "4.0"},
)
same("cos(5*acos(x))", "16*x**5 - 20*x**3 + 5*x", {X: (-0.9, 0.9)})
same("x*asin(x) + x*acos(x)", "pi*x/2", {X: (-0.7, 0.7)})
same("acos(x)", "atan(sqrt(1 - x**2)/x)", {X: (0.1, 0.7)})
same("asin(x)", "2*atan(x/(1 + sqrt(1 - x**2)))", {X: (-0.7, 0.7)})
same("atan(1/x)", "pi/2 - atan(x)", {X: (0.1, 50)})
same("atan(x) + atan(1/x)", "acos(0) + 0*x", {X: (2, 3)})
same("acos(1 - 2*x**2)", "2*asin(x)", {X: (0.05, 0.7)})

# -- exponential, hyperbolic, logarithmic -----------------------------------------------------------------------------
same("sinh(x)", "(exp(x) - exp(-x))/2", {X: (-3, 3)})
same("sinh(x)", "exp(x)/2 - exp(-x)/2", {X: (300, 301)})
same("cosh(x)", "(exp(x) + exp(-x))/2", {X: (-3, 3)})
same("tanh(x)", "(exp(2*x) - 1)/(exp(2*x) + 1)", {X: (-3, 3)})
same("tanh(x)", "1 - 2/(exp(2*x) + 1)", {X: (20, 30)})
same("1/cosh(x)**2", "1 - tanh(x)**2", {X: (-2, 8)})
same("cosh(2*x)", "2*cosh(x)**2 - 1", {X: (0, 4)})
same("sinh(x)*cosh(x)", "sinh(2*x)/2", {X: (-1, 1)})
same("sinh(3*x)", "3*sinh(x) + 4*sinh(x)**3", {X: (1e-5, 1e-4)})
same("coth(x) - 1/x", "(exp(2*x) + 1)/(exp(2*x) - 1) - 1/x", {X: (0.01, 6)})
same("sech(x)", "2*exp(x)/(1 + exp(2*x))", {X: (-4, 4)})
same("asinh(x)", "log(x + sqrt(x**2 + 1))", {X: (-4, 4)})
same("acosh(x)", "log(x + sqrt(x**2 - 1))", {X: (1.5, 30)})
same("atanh(x)", "log((1 + x)/(1 - x))/2", {X: (-0.7, 0.7)})
same("sinh(acosh(x))", "sqrt(x**2 - 1)", {X: (1.2, 9)})
same("tanh(x/2)", "sinh(x)/(1 + cosh(x))", {X: (-5, 5)})
same("exp(x)", "(cosh(x/2) + sinh(x/2))**2", {X: (-2, 2)})
same("log(cosh(x))", "x + log(1 + exp(-2*x)) - log(2)", {X: (-2, 20)})
same("log(1 + exp(x))", "x + log(1 + exp(-x))", {X: (-20, 20)})
same("log(x**2)", "2*log(x)", {X: (0.1, 5)})
same("log(x**2)", "2*log(x)", {X: (0, 5)})
same("log(1 + 1/x)", "log(1 + x) - log(x)", {X: (1, 1e4)})
same("2**x", "exp(x*log(2))", {X: (-5, 5)})
same("x**x", "exp(x*log(x))", {X: (0.5, 4)})
same("exp(-x**2)", "exp(-x)**x", {X: (-2, 2)})
family("exp({A}*x + {B})", "exp({B})*exp({A}*x)", {X: (-1, 2)}, {"A": "1.7", "B": "0.3"}, {"A": "-0.4", "B": "12.0"})
family(
    "{A}*exp(-x/{T})", "{A}*2**(-x/({T}*log(2)))", {X: (0, 30)}, {"A": "4.1", "T": "6.3"}, {"A": "0.02", "T": "50.0"}
)
family(
    "log({A}*x + {B})", "log({A}) + log(x + {B}/{A})", {X: (0, 4)}, {"A": "2.4", "B": "0.7"}, {"A": "31.0", "B": "1.5"}
)
family(
    "{A}*log({B}*x)", "{A}*log(x) + {A}*log({B})", {X: (0.1, 9)}, {"A": "1.9", "B": "3.7"}, {"A": "-8.0", "B": "0.05"}
)
family(
    "1/(1 + exp(-{K}*(x - {M})))",
    "(1 + tanh({K}/2*(x - {M})))/2",
    {X: (-4, 6)},
    {"K": "1.4", "M": "0.8"},
    {"K": "6.0", "M": "2.5"},
)
family(
    "1/(exp((x - {M})/{T}) + 1)",
    "1 - 1/(1 + exp(-(x - {M})/{T}))",
    {X: (0, 5)},
    {"M": "2.1", "T": "0.3"},
    {"M": "4.4", "T": "1.5"},
)
family("{A}*sinh({K}*x)", "{A}/2*exp({K}*x) - {A}/2*exp(-{K}*x)", {X: (500, 501)}, {"A": "1.3", "K": "0.7"})

# -- powers and roots -------------------------------------------------------------------------------------------------
same("sqrt(x**2)", "x", {X: (0, 3)})
same("abs(x)", "-x", {X: (-5, -1)})
same("x**1.5", "x*sqrt(x)", {X: (0.1, 10)})
same("x**(2/3)", "(x**2)**(1/3)", {X: (0.1, 10)})
same("x**0.25", "sqrt(sqrt(x))", {X: (0, 16)})
same("sqrt(x)*sqrt(x + 1)", "sqrt(x*(x + 1))", {X: (0, 4)})
same("sqrt(x + 1) - sqrt(x)", "1/(sqrt(x + 1) + sqrt(x))", {X: (1e8, 1e9)})
same("sqrt(1 - x)*sqrt(1 + x)", "sqrt(1 - x**2)", {X: (-0.9, 0.9)})
same("sqrt(x + 2*sqrt(x - 1))", "1 + sqrt(x - 1)", {X: (3, 8)})
same("sqrt(3 + 2*sqrt(2))*x", "x + x*sqrt(2)", {X: (-1, 1)})
same("(x + 1)**2.0", "x**2 + 2*x + 1", {X: (-3, 3)})
same("exp(log(x)/3)", "cbrt(x)", {X: (0.2, 8)})
same("abs(x)*sign(x)", "x", {X: (-3, 3)})
same("x**2*Heaviside(x)", "x**2*(1 + sign(x))/2", {X: (-2, 2)})
same("(abs(x) + x)/2", "x*Heaviside(x)", {X: (-1, 3)})
family(
    "sqrt({A}*x + {B})",
    "sqrt({A})*sqrt(x + {B}/{A})",
    {X: (0, 6)},
    {"A": "2.2", "B": "0.9"},
    {"A": "70.0", "B": "11.0"},
)
family("{A}*x**{N}", "{A}*exp({N}*log(x))", {X: (0.5, 9)}, {"A": "3.1", "N": "1.4982"}, {"A": "0.6", "N": "-0.731"})

# -- polynomials and rational functions -------------------------------------------------------------------------------
same("(x**3 - 1)/(x - 1)", "x**2 + x + 1", {X: (-4, 4)})
same("1/(x*(x + 1))", "1/x - 1/(x + 1)", {X: (1e3, 1e4)})
same("x/(1 + x)", "1/(1 + 1/x)", {X: (0.01, 5)})
same("1/(1 + 1/(1 + 1/(1 + 1/x)))", "(2*x + 1)/(3*x + 2)", {X: (0.1, 5)})
same("(x + 1)**7 - (x - 1)**7", "14*x**6 + 70*x**4 + 42*x**2 + 2", {X: (-1, 1)})
same("((x - 1)*(x - 2)*(x - 3))", "x**3 - 6*x**2 + 11*x - 6", {X: (0, 4)})
same("(2*x**2 + 3*x)/(x**2 + 1)", "2 + (3*x - 2)/(x**2 + 1)", {X: (-8, 8)})
family(
    "(x - {A})**2 + {B}",
    "x**2 - 2*{A}*x + ({A}**2 + {B})",
    {X: (1000, 1001)},
    {"A": "1000.3", "B": "0.25"},
    {"A": "998.0", "B": "3.5"},
)
family("{A}/({B} + x)", "({A}/{B})/(1 + x/{B})", {X: (0, 7)}, {"A": "3.0", "B": "2.2"}, {"A": "1e-5", "B": "0.04"})
family("{V}*x/({K} + x)", "{V} - {V}*{K}/({K} + x)", {X: (0, 20)}, {"V": "5.5", "K": "1.3"}, {"V": "0.8", "K": "9.0"})
family(
    "1/({A} + 1/({B} + 1/x))",
    "({B}*x + 1)/({A}*{B}*x + {A} + x)",
    {X: (0.2, 6)},
    {"A": "1.5", "B": "2.5"},
    {"A": "0.1", "B": "30.0"},
)
family(
    "{A}*(x - {B})*(x - {C})",
    "{A}*x**2 - {A}*({B} + {C})*x + {A}*{B}*{C}",
    {X: (-5, 5)},
    {"A": "0.7", "B": "1.9", "C": "-3.3"},
    {"A": "-12.0", "B": "0.01", "C": "4.0"},
)
family("(({A}*x + {B})*x + {C})*x", "{A}*x**3 + {B}*x**2 + {C}*x", {X: (-2, 3)}, {"A": "1.1", "B": "-2.3", "C": "0.5"})
family(
    "1/(1 + ((x - {M})/{G})**2)",
    "{G}**2/((x - {M})**2 + {G}**2)",
    {X: (-3, 8)},
    {"M": "2.4", "G": "0.9"},
    {"M": "0.1", "G": "12.0"},
)

# -- special functions ------------------------------------------------------------------------------------------------
same("gamma(x + 1)", "x*gamma(x)", {X: (0.5, 12)})
same("gamma(x)*gamma(1 - x)", "pi/sin(pi*x)", {X: (0.1, 0.7)})
same("loggamma(x + 1)", "log(x) + loggamma(x)", {X: (1, 90)})
same("gamma(2*x)", "2**(2*x - 1)*gamma(x)*gamma(x + 1/2)/sqrt(pi)", {X: (0.5, 4)})
same("erfc(x)", "1 - erf(x)", {X: (-2, 3)})
same("erf(-x)", "erfc(x) - 1", {X: (0, 2)})
same("besselj(0.5, x)", "sqrt(2/(pi*x))*sin(x)", {X: (1, 10)})
same("besselj(0, x) + besselj(2, x)", "2*besselj(1, x)/x", {X: (0.5, 9)})
same("besseli(0.5, x)", "sqrt(2/(pi*x))*sinh(x)", {X: (0.5, 4)})
same("x/LambertW(x)", "exp(LambertW(x))", {X: (0.1, 10)})

# -- physics, one column ----------------------------------------------------------------------------------------------
family(
    "{A}*x**3/(exp({B}*x) - 1)",
    "{A}*x**3*exp(-{B}*x)/(1 - exp(-{B}*x))",
    {X: (0.5, 20)},
    {"A": "39.7293", "B": "0.52799"},
    {"A": "1.2", "B": "0.05"},
)
family("{A}*x**3/(exp({B}*x) - 1)", "{A}/2*x**3*(coth({B}/2*x) - 1)", {X: (1, 9)}, {"A": "2.0", "B": "0.9"})
family(
    "exp(-(x - {M})**2/(2*{S}**2))",
    "exp(-x**2/(2*{S}**2))*exp(x*{M}/{S}**2)*exp(-{M}**2/(2*{S}**2))",
    {X: (-2, 5)},
    {"M": "1.2", "S": "0.8"},
    {"M": "0.3", "S": "2.6"},
)
family(
    "{D}*(1 - exp(-{A}*(x - {R})))**2",
    "{D} - 2*{D}*exp({A}*{R})*exp(-{A}*x) + {D}*exp(2*{A}*{R})*exp(-2*{A}*x)",
    {X: (0.5, 4)},
    {"D": "4.6", "A": "1.9", "R": "0.74"},
)
family(
    "4*{E}*(({S}/x)**12 - ({S}/x)**6)",
    "4*{E}*{S}**6*({S}**6 - x**6)/x**12",
    {X: (3, 8)},
    {"E": "0.0104", "S": "3.4"},
    {"E": "1.0", "S": "2.9"},
)
family(
    "exp(-{G}*x)*({A}*cos({W}*x) + {B}*sin({W}*x))",
    "sqrt({A}**2 + {B}**2)*exp(-{G}*x)*sin({W}*x + atan2({A}, {B}))",
    {X: (0, 12)},
    {"G": "0.2", "A": "1.5", "B": "0.6", "W": "3.0"},
    {"G": "0.05", "A": "0.3", "B": "2.0", "W": "0.9"},
)
family(
    "x**{N}/({K}**{N} + x**{N})",
    "1/(1 + ({K}/x)**{N})",
    {X: (0.2, 9)},
    {"N": "2.8", "K": "1.7"},
    {"N": "1.31", "K": "5.0"},
)
family(
    "{A}*exp({B}/(x + {C}))",
    "exp(log({A}) + {B}/(x + {C}))",
    {X: (280, 370)},
    {"A": "1.9e10", "B": "-3816.44", "C": "-46.13"},
)
family(
    "{A}/x**2*(1/(exp({B}/x) - 1))", "{A}/(x**2*exp({B}/x)*(1 - exp(-{B}/x)))", {X: (0.3, 5)}, {"A": "1.4", "B": "2.2"}
)
family(
    "1/sqrt((1 - x**2)**2 + ({Q}*x)**2)",
    "1/sqrt(1 + ({Q}**2 - 2)*x**2 + x**4)",
    {X: (0, 3)},
    {"Q": "0.3"},
    {"Q": "1.1"},
)
family("{A}*(1 - {B}*x)**0.5*(1 + {B}*x)**0.5", "{A}*sqrt(1 - ({B}*x)**2)", {X: (0, 0.4)}, {"A": "2.0", "B": "1.5"})
same("x/(exp(x) - 1) + x/2", "x/2*coth(x/2)", {X: (1e-6, 1e-5)})

# -- two columns ------------------------------------------------------------------------------------------------------
same("exp(x)*exp(y)", "exp(x + y)", {X: (-2, 2), "y": (-1, 3)})
same("log(x*y)", "log(x) + log(y)", {X: (0.1, 5), "y": (1e-3, 1e3)})
same("log(x/y)", "log(x) - log(y)", {X: (1000, 1001), "y": (0.1, 5)})
same("log(x*y)", "log(-x) + log(-y)", {X: (-5, -0.1), "y": (-3, -1)})
same("sqrt(x*y)", "sqrt(x)*sqrt(y)", {X: (0, 5), "y": (0.1, 3)})
same("sqrt(x**2*y)", "x*sqrt(y)", {X: (0, 5), "y": (0.1, 3)})
same("sqrt(x**2*y)", "-x*sqrt(y)", {X: (-5, -1), "y": (0.1, 3)})
same("(x*y)**(3/2)", "x*y*sqrt(x)*sqrt(y)", {X: (0.5, 5), "y": (0.1, 3)})
same("x**y", "exp(y*log(x))", {X: (0.2, 3), "y": (-2, 2)})
same("(x + y)**3", "x**3 + 3*x**2*y + 3*x*y**2 + y**3", {X: (-1, 1), "y": (100, 101)})
same("(x - y)**8", "(x**2 - 2*x*y + y**2)**4", {X: (0, 1), "y": (0, 1)})
same("(x**4 - y**4)/(x - y)", "(x + y)*(x**2 + y**2)", {X: (0, 1), "y": (2, 3)})
same("(x**2 - y**2)/(x + y)", "x - y", {X: (1, 2), "y": (0.5, 3)})
same("sin(x + y)", "sin(x)*cos(y) + cos(x)*sin(y)", {X: (0, 6), "y": (0, 6)})
same("cos(x)*cos(y)", "(cos(x - y) + cos(x + y))/2", {X: (0, 6), "y": (0, 6)})
same("tan(x + y)", "(tan(x) + tan(y))/(1 - tan(x)*tan(y))", {X: (0, 0.5), "y": (0, 0.5)})
same("sinh(x - y)", "sinh(x)*cosh(y) - cosh(x)*sinh(y)", {X: (-1, 1), "y": (0, 3)})
same("tanh(x + y)", "(tanh(x) + tanh(y))/(1 + tanh(x)*tanh(y))", {X: (0, 3), "y": (0, 3)})
same("atan2(y, x)", "atan(y/x)", {X: (0.5, 2), "y": (-3, 3)})
same("atan2(y, x)", "2*atan(y/(sqrt(x**2 + y**2) + x))", {X: (0.5, 2), "y": (-3, 3)})
same("1/(1/x + 1/y)", "x*y/(x + y)", {X: (1, 5), "y": (10, 50)})
same("1/(1/x - 1/y)", "x*y/(y - x)", {X: (0.1, 0.5), "y": (1, 5)})
same("1/sqrt(1 - x**2/y**2)", "y/sqrt((y - x)*(y + x))", {X: (0, 2), "y": (3, 5)})
same("y*sqrt((1 + x)/(1 - x))", "y*(1 + x)/sqrt(1 - x**2)", {X: (0, 0.7), "y": (1, 5)})
same("y*sqrt((1 + x)/(1 - x))", "y*exp(atanh(x))", {X: (-0.5, 0.7), "y": (1, 5)})
same("log((y + x)/(y - x))/2", "atanh(x/y)", {X: (0, 2), "y": (3, 5)})
same("sin(x*y/2)**2/sin(y/2)**2", "(1 - cos(x*y))/(1 - cos(y))", {X: (1, 9), "y": (0.3, 3)})
same("((x - y)/(x + y))**2", "1 - 4*x*y/(x + y)**2", {X: (1, 3), "y": (1, 2)})
same("1/x**2 - 1/y**2", "(y - x)*(y + x)/(x*y)**2", {X: (1, 3), "y": (4, 9)})
same("x/(1 + x*(1 - cos(y)))", "x/(1 + 2*x*sin(y/2)**2)", {X: (0.1, 4), "y": (0, 3)})
same("(x + y + abs(x - y))/2", "x*Heaviside(x - y) + y*Heaviside(y - x)", {X: (0, 4), "y": (0, 3)})
family("{C}*(x + y)/({C} + x*y/{C})", "{C}*tanh(atanh(x/{C}) + atanh(y/{C}))", {X: (0, 2), "y": (-1, 2)}, {"C": "3.0"})
family("(x + y)/(1 + x*y/{C}**2)", "{C}**2*(x + y)/({C}**2 + x*y)", {X: (0, 2e8), "y": (0, 2e8)}, {"C": "2.99792458e8"})
family(
    "2*pi*sqrt(x**3/({G}*y))", "2*pi/sqrt({G})*x*sqrt(x/y)", {X: (5e10, 5e12), "y": (1e30, 3e30)}, {"G": "6.674e-11"}
)
family(
    "{K}*x*y/(y + {L})", "{K}*x/(1 + {L}/y)", {X: (1e-20, 5e-19), "y": (1e-10, 1e-9)}, {"K": "8.99e9", "L": "3.0e-10"}
)
family(
    "{A}*exp(-{E}/({R}*x))*y",
    "y*exp(log({A}) - ({E}/{R})/x)",
    {X: (280, 400), "y": (0, 2)},
    {"A": "1.3e9", "E": "52000.0", "R": "8.314"},
)
family(
    "x**{N}*y**{M}",
    "exp({N}*log(x) + {M}*log(y))",
    {X: (0.5, 4), "y": (1, 90)},
    {"N": "0.74", "M": "-1.21"},
    {"N": "2.5", "M": "0.333"},
)
family("{A}*x/({B} + x + x**2/y)", "{A}/(1 + {B}/x + x/y)", {X: (0.2, 9), "y": (1, 9)}, {"A": "2.1", "B": "0.8"})

# -- three columns and more -------------------------------------------------------------------------------------------
same("1/(1/x + 1/y + 1/z)", "x*y*z/(x*y + y*z + z*x)", {X: (1, 5), "y": (1, 5), "z": (1, 5)})
same(
    "x**2 + y**2 + z**2 - (x + y + z)**2/3",
    "((x - y)**2 + (y - z)**2 + (z - x)**2)/3",
    {X: (-1, 1), "y": (0, 2), "z": (5, 6)},
)
same(
    "sqrt(x**2 + y**2 - 2*x*y*cos(z))", "sqrt((x - y)**2 + 4*x*y*sin(z/2)**2)", {X: (1, 2), "y": (1, 2), "z": (0.1, 3)}
)
same("(x + y)/(1 + x*y/z**2)", "z**2*(x + y)/(z**2 + x*y)", {X: (0, 1), "y": (0, 1), "z": (2, 3)})
same("sqrt(x**2*z**2 + y**2*z**4)", "y*z**2*sqrt(1 + (x/(y*z))**2)", {X: (0.1, 3), "y": (0.5, 2), "z": (1, 3)})
same(
    "x*z**2*(1/sqrt(1 - y**2/z**2) - 1)",
    "x*y**2/((1 + sqrt(1 - y**2/z**2))*sqrt(1 - y**2/z**2))",
    {X: (1, 5), "y": (0.1, 1), "z": (2, 4)},
)
same("log(x**y*z)", "y*log(x) + log(z)", {X: (0.5, 5), "y": (-2, 2), "z": (1, 1e6)})
same("x/(exp(y/z) - 1)", "x*exp(-y/(2*z))/(2*sinh(y/(2*z)))", {X: (1, 5), "y": (0.1, 3), "z": (0.5, 2)})
same("asin(x*sin(y)/z)", "atan(x*sin(y)/sqrt(z**2 - x**2*sin(y)**2))", {X: (0.5, 1), "y": (0, 1.2), "z": (1.5, 2)})
same("x*sin(y)*cos(z) + x*cos(y)*sin(z)", "x*sin(y + z)", {X: (-2, 2), "y": (0, 6), "z": (0, 6)})
same("exp(-(x - y)**2/z**2)", "exp(-x**2/z**2 + 2*x*y/z**2 - y**2/z**2)", {X: (0, 2), "y": (0, 2), "z": (1, 2)})
same(
    "sin(x)*sin(y)*sin(z)",
    "(sin(x + y - z) + sin(y + z - x) + sin(z + x - y) - sin(x + y + z))/4",
    {X: (0, 3), "y": (0, 3), "z": (0, 3)},
)
same(
    "(x*w - y*z)**2 + (x*z + y*w)**2",
    "(x**2 + y**2)*(z**2 + w**2)",
    {X: (-1, 1), "y": (-1, 1), "z": (2, 3), "w": (-3, 0)},
)
same(
    "sqrt((x - y)**2 + (z - w)**2)",
    "sqrt(x**2 + y**2 + z**2 + w**2 - 2*x*y - 2*z*w)",
    {X: (0, 1), "y": (2, 3), "z": (0, 1), "w": (0, 1)},
)
same("(x*y + z*w)/(y + w)", "x + w*(z - x)/(y + w)", {X: (1, 2), "y": (1, 5), "z": (3, 4), "w": (0.5, 4)})
same(
    "sqrt((x + y + z)*(x + y - z)*(x - y + z)*(y + z - x))/4",
    "sqrt(4*x**2*y**2 - (x**2 + y**2 - z**2)**2)/4",
    {X: (3, 4), "y": (3, 4), "z": (3, 4)},
)
family(
    "2*{H}*x**3/({C}**2*(exp({H}*x/({K}*y)) - 1))*z",
    "z*{H}*x**3/{C}**2*(coth({H}*x/(2*{K}*y)) - 1)",
    {X: (1e13, 1e15), "y": (3000, 8000), "z": (0.1, 1)},
    {"H": "6.626e-34", "C": "2.998e8", "K": "1.381e-23"},
)
family(
    "x*{R}*y/(z - {B}) - {A}*x**2/z**2",
    "x*({R}*y*z**2 - {A}*x*(z - {B}))/(z**2*(z - {B}))",
    {X: (1, 3), "y": (250, 500), "z": (1, 40)},
    {"R": "0.08314", "A": "3.64", "B": "0.04267"},
)
family(
    "{A}*x**2*y/((z - {M})**2 + {G}**2/4)",
    "4*{A}*x**2*y/(4*(z - {M})**2 + {G}**2)",
    {X: (0.1, 1), "y": (1, 2), "z": (85, 97)},
    {"A": "1.7", "M": "91.19", "G": "2.495"},
)
family(
    "x*exp(-{M}*y/({K}*z))",
    "x/exp({M}/{K}*y/z)",
    {X: (1, 2), "y": (0, 9000), "z": (200, 310)},
    {"M": "4.7e-25", "K": "1.38e-23"},
)
family(
    "{A}*cos(x - y) + {A}*cos(x + y) + z",
    "2*{A}*cos(x)*cos(y) + z",
    {X: (0, 6), "y": (0, 6), "z": (-1, 1)},
    {"A": "0.8"},
    {"A": "31.0"},
)
family("({A}*x + {B}*y)*z", "{A}*x*z + {B}*y*z", {X: (0, 6), "y": (0, 6), "z": (-1, 1)}, {"A": "0.8", "B": "-2.3"})
