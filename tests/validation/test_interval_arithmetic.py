import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.functions import FUNCTIONS
from kansym.symbolic.parametric import parametrize
from kansym.validation.interval_arithmetic import interval

x, y = sympy.symbols("x y")

UNARY = [
    sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.cot, sympy.sec, sympy.csc, sympy.asin, sympy.acos,
    sympy.atan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.sech, sympy.csch, sympy.coth, sympy.asinh, sympy.acosh,
    sympy.atanh, sympy.sinc, sympy.erf, sympy.erfc, sympy.gamma, sympy.loggamma, sympy.airyai, sympy.airybi,
    sympy.LambertW, sympy.Abs, sympy.sign, lambda u: sympy.Heaviside(u, sympy.Rational(1, 2)),
    lambda u: sympy.besselj(0, u), lambda u: sympy.besselj(1, u), lambda u: sympy.bessely(0, u),
    lambda u: sympy.bessely(1, u), lambda u: sympy.besseli(0, u), lambda u: sympy.besseli(1, u),
    lambda u: sympy.besselk(0, u), lambda u: sympy.besselk(1, u), sympy.sqrt, lambda u: u**2, lambda u: u**3,
    lambda u: u**-1, lambda u: u**-2, lambda u: u ** sympy.Rational(-3, 2), lambda u: u ** sympy.Float(1.7),
    lambda u: sympy.Float(1.7) ** u,
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(UNARY)))
def test_bounds_of_every_function_hold_at_points_of_the_box(index, rng):
    expression = UNARY[index](x)
    ends = np.sort(rng.uniform(-6, 6, (300, 2)) * rng.choice([0.05, 0.3, 1.0], (300, 1)), axis=1)
    low, high = interval(expression, {x: (ends[:, 0], ends[:, 1])})
    form = parametrize(expression, (x,))
    for share in np.linspace(0, 1, 23):
        # Rounding must not take a point out of its box.
        points = np.clip(ends[:, 0] + share * (ends[:, 1] - ends[:, 0]), ends[:, 0], ends[:, 1])
        values = form.evaluate(points[:, None])
        defined = np.isfinite(values)
        assert (low[defined] <= values[defined]).all()
        assert (values[defined] <= high[defined]).all()


def test_no_function_of_formulas_is_left_out():
    named = {type(f(x)).__name__ for f in UNARY} | {"atan2", "log", "exp"}
    assert set(FUNCTIONS) <= named


@pytest.mark.parametrize("index", range(len(UNARY)))
def test_bounds_of_narrow_boxes_are_narrow(index):
    """Bounds by nothing would be true too, and useless: near 1/2 and 3/2 they must close in, or be bounded by one."""
    expression = UNARY[index](x)
    for place in (0.5, 1.5):
        value = parametrize(expression, (x,)).evaluate(np.array([[place]]))[0]
        if np.isnan(value):
            continue
        low, high = interval(expression, {x: (np.array([place - 1e-9]), np.array([place + 1e-9]))})
        assert high[0] - low[0] <= 2.001


LEAVES = st.sampled_from([x, y, sympy.Float(0.7), sympy.Integer(-2), sympy.Rational(1, 3), sympy.pi])


def _expressions(leaves):
    small = st.one_of(
        st.builds(lambda a, b: a + b, leaves, leaves),
        st.builds(lambda a, b: a * b, leaves, leaves),
        st.builds(lambda a, b: a / b, leaves, leaves),
        # Not of anything: the sine of an exponential of an exponential takes mpmath more digits than there is memory.
        st.builds(sympy.exp, LEAVES),
        st.builds(sympy.sin, leaves),
        st.builds(sympy.log, leaves),
        st.builds(lambda a: a**2, leaves),
        st.builds(sympy.sqrt, leaves),
    )
    return small


@settings(max_examples=60)
@given(
    st.recursive(LEAVES, _expressions, max_leaves=8),
    st.tuples(*[st.floats(-3, 3)] * 2),
    st.tuples(*[st.floats(0, 2)] * 2),
    st.tuples(*[st.floats(0, 1)] * 2),
)
def test_bounds_hold_against_many_digits(expression, corner, width, share):
    if expression.has(sympy.zoo, sympy.nan, sympy.oo):
        return
    bounds = {s: (np.array([c]), np.array([c + w])) for s, c, w in zip((x, y), corner, width, strict=True)}
    low, high = interval(expression, bounds)
    # The point in double precision lies in the box; its value with 40 digits has no rounding to speak of.
    point = {s: min(max(c + w * t, c), c + w) for s, c, w, t in zip((x, y), corner, width, share, strict=True)}
    with mpmath.workdps(40):
        try:
            value = sympy.lambdify((x, y), expression, "mpmath")(*(mpmath.mpf(point[s]) for s in (x, y)))
        except (ZeroDivisionError, ValueError, OverflowError):
            return
        value = mpmath.mpmathify(value)
        if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value):
            return
        assert mpmath.mpf(low[0]) <= value <= mpmath.mpf(high[0])
