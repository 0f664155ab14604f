"""What the data determine where they cannot tell constants apart: against fits of the merged formula."""

import numpy as np
import pytest

from kansym.fitting.known_form import fit_columns as fit_constants


def table(law, seed=0, error=0.01):
    rng = np.random.default_rng(seed)
    columns = {"x": np.linspace(1, 3, 40), "z": rng.uniform(1, 2, 40)}
    return columns, law(**columns) + error * rng.standard_normal(40)


@pytest.mark.parametrize(
    ("expression", "merged", "law", "expected"),
    [
        ("A*C*x", "m*x", lambda x, z: 5 * x, {"A*C": "m"}),
        ("A/C*x**2", "m*x**2", lambda x, z: 5 * x**2, {"A/C": "m"}),
        ("A*(B + C)*x", "m*x", lambda x, z: 5 * x, {"A*(B + C)": "m"}),
        ("A*x + B*x + C", "m*x + C", lambda x, z: 5 * x + 1, {"A + B": "m"}),
        ("A*C**2*x**p", "m*x**p", lambda x, z: 5 * x**1.5, {"A*C**2": "m"}),
        ("A*exp(B - k*x)", "m*exp(-k*x)", lambda x, z: 5 * np.exp(-x), {"A*exp(B)": "m"}),
        ("G*m1*m2/(r*x)**2", "m/x**2", lambda x, z: 5 / x**2, {"G*m1*m2/r**2": "m"}),
        ("A*B*x + A*C*z", "m*x + q*z", lambda x, z: 5 * x + 2 * z, {"A*B": "m", "A*C": "q"}),
        ("A*B*x + C*D*z", "m*x + q*z", lambda x, z: 5 * x + z, {"A*B": "m", "C*D": "q"}),
        pytest.param(
            "a + b*x + c*(x - d)",
            "q + m*x",
            lambda x, z: 1 + 2 * x,
            {"b + c": "m", "a - c*d": "q"},
            marks=pytest.mark.long,
        ),
    ],
)
def test_combinations_have_value_and_error_of_the_merged_formula(expression, merged, law, expected):
    columns, y = table(law)
    fit = fit_constants(expression, columns, y, y_error=0.01)
    plain = fit_constants(merged, columns, y, y_error=0.01)
    assert {part.text for part in fit.determined} == set(expected)
    for part in fit.determined:
        assert part.value == pytest.approx(plain.values[expected[part.text]], rel=1e-7)
        assert part.error == pytest.approx(plain.errors[expected[part.text]], rel=1e-5)
        assert all(np.isnan(fit.errors[name]) for name in part.names)


def test_columns_that_are_proportional():
    columns, y = table(lambda x, z: 5 * x)
    fit = fit_constants("a*x + b*w", columns | {"w": 2 * columns["x"]}, y, y_error=0.01)
    (part,) = fit.determined
    assert part.text == "a + 2*b"
    assert part.error == pytest.approx(0.01 / np.sqrt(np.sum(columns["x"] ** 2)), rel=1e-6)


def test_scale_comes_from_the_residuals_without_errors():
    columns, y = table(lambda x, z: 5 * x)
    (part,) = fit_constants("A*C*x", columns, y).determined
    plain = fit_constants("m*x", columns, y)
    assert part.error == pytest.approx(plain.errors["m"], rel=1e-6)


def test_errors_of_the_inputs():
    columns, y = table(lambda x, z: 5 * x)
    (part,) = fit_constants("A*C*x", columns, y, y_error=0.01, x_error={"x": 0.01}).determined
    plain = fit_constants("m*x", columns, y, y_error=0.01, x_error={"x": 0.01})
    assert part.value == pytest.approx(plain.values["m"], rel=1e-7)
    assert part.error == pytest.approx(plain.errors["m"], rel=1e-5)


def test_nothing_is_made_up():
    columns, y = table(lambda x, z: 5 * x)
    # 0.31 is no small whole number: the data determine a + 0.31 b, which is not looked for.
    fit = fit_constants("a*x + b*w", columns | {"w": 0.31 * columns["x"]}, y)
    assert fit.determined == ()
    assert fit_constants("a*x + b", columns, y).determined == ()
    # Two rows determine two numbers, which are no simple combinations of three constants.
    assert (
        fit_constants("a*exp(b*x) + c*x", {"x": [1.0, 2.3]}, [1.0, 2.0], start={"a": 1, "b": 1, "c": 1}).determined
        == ()
    )


def test_it_is_said_in_the_report_and_the_notes():
    columns, y = table(lambda x, z: 5 * x)
    text = str(fit_constants("A*C*x", columns, y, y_error=0.01))
    assert "A*C = 5.00" in text and "A = " in text
    assert "What they determine: A*C = 5.00" in " ".join(text.split())


@pytest.mark.long
def test_large_groups():
    x = np.linspace(1, 2, 30)
    names = "abcdefgh"
    y = 3 * x + 0.01 * np.sin(40 * x)
    fit = fit_constants("*".join(names) + "*x", {"x": x}, y, start=dict.fromkeys(names, 1.1))
    assert [part.text for part in fit.determined] == ["*".join(names)]
    fit = fit_constants(f"({'+'.join(names)})*x", {"x": x}, y, start=dict.fromkeys(names, 1.1))
    assert [part.text for part in fit.determined] == [" + ".join(names)]
    assert fit.determined[0].error == pytest.approx(fit_constants("m*x", {"x": x}, y).errors["m"], rel=1e-6)
