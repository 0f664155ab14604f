"""PySR's hall of fame: real files of version 1.5, files as version 2.7 writes them, and files that were cut off."""

import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from kansym.comparison.hall_of_fame import Row, best_pick, read_hall_of_fame, read_rows
from kansym.errors import ArgumentError, DataError
from kansym.symbolic.evaluation import NUMPY_FUNCTIONS
from kansym.symbolic.parser import KNOWN_FUNCTIONS, parse_expression
from kansym.symbolic.pysr import SAME, FormulaTextError, names_in, translated

FILES = Path(__file__).parent / "pysr_files"

TABLES = {
    "power_law": ("q1", "q2", "r"),
    "decay_noise": ("t",),
    "kepler": ("a",),
}


def numeric(expression, names):
    symbols = [sympy.Symbol(name) for name in names]
    return sympy.lambdify(symbols, expression, modules=[NUMPY_FUNCTIONS, "numpy", "scipy"])


# -- real files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("file", ["hall_of_fame.csv", "equations_attribute.csv", "hall_of_fame.csv.bak"])
def test_real_files_by_the_losses_in_them(name, file):
    names = TABLES[name]
    found = read_hall_of_fame(FILES / name / file, names)
    assert found.remarks == () and found.source == FILES / name / file
    table = pd.read_csv(FILES / name / file)
    assert [formula.complexity for formula in found.formulas] == table.iloc[:, 0].tolist()
    assert [formula.loss for formula in found.formulas] == table.iloc[:, 1].tolist()
    # Each text gives the expression, and sympy's own reading of the text the same values.
    point = np.linspace(1.3, 2.9, len(names))
    texts = table["Equation" if "Equation" in table else "equation"]
    for formula, expression, text in zip(found.formulas, found.expressions, texts, strict=True):
        assert parse_expression(formula.expression, names) == expression
        theirs = sympy.sympify(str(text).replace("^", "**"), locals={n: sympy.Symbol(n) for n in names})
        assert numeric(expression, names)(*point) == pytest.approx(
            float(theirs.subs(dict(zip(names, point, strict=True))))
        )


@pytest.mark.parametrize(
    ("file", "names", "pick"),
    [
        ("power_law", ("q1", "q2", "r"), "q1*q2/r**2"),
        ("decay_noise", ("t",), "0.5541404468792203**t/0.3333512260339613"),
        ("kepler", ("a",), "(a + cos(a + 0.47799591562338417)*-0.0018091024504169868)**1.499853001435204"),
        ("two_outputs/hall_of_fame_output1.csv", ("theta", "w"), "w*sin(theta)"),
        ("two_outputs/hall_of_fame_output2.csv", ("theta", "w"), "theta**2 - w"),
    ],
)
def test_the_picks_are_pysrs(file, names, pick):
    found = read_hall_of_fame(FILES / file, names)
    at = dict(zip(names, (1.7, 2.3, 3.1), strict=False))
    assert float(found.expressions[found.pick].subs(at)) == pytest.approx(
        float(sympy.sympify(pick).subs(at)), rel=1e-14
    )


def test_the_kepler_loss_is_that_of_the_formula():
    a = np.array([0.387, 0.723, 1, 1.524, 5.203, 9.537, 19.19, 30.07])
    period = np.array([0.241, 0.615, 1, 1.881, 11.86, 29.45, 84.02, 164.8])
    found = read_hall_of_fame(FILES / "kepler", ("a",))
    for formula, expression in zip(found.formulas, found.expressions, strict=True):
        values = numeric(expression, ("a",))(a)
        assert np.mean((values - period) ** 2) == pytest.approx(formula.loss, rel=1e-6)


# -- names -------------------------------------------------------------------------------------------------------------


def test_generic_names_are_columns_in_their_order(tmp_path):
    file = tmp_path / "front.csv"
    file.write_text('Complexity,Loss,Equation\n1,2.0,"x0"\n3,1.0,"x0 / x2"\n')
    found = read_hall_of_fame(file, ("force", "the mass", "time"))
    assert str(found.expressions[1]) == "force/time" and "x0 is taken for force" in found.remarks[0]
    # Counted from 1, if the last column would be missing otherwise.
    file.write_text('Complexity,Loss,Equation\n1,2.0,"x₁"\n3,1.0,"x₁ / x₃"\n')
    found = read_hall_of_fame(file, ("force", "the mass", "time"))
    assert str(found.expressions[1]) == "force/time" and "x1 is taken for force" in found.remarks[0]
    # Names of columns come first.
    assert str(read_hall_of_fame(file, ("x₃", "b", "x₁")).expressions[1]) == "x₁/x₃"
    with pytest.raises(DataError, match=r"has the column x₃, but the table has 2: force, time"):
        read_hall_of_fame(file, ("force", "time"))


def test_odd_names_and_spaces(tmp_path):
    file = tmp_path / "front.csv"
    file.write_text('Complexity,Loss,Equation\n3,1.0,"semi_major_axis * gamma"\n5,0.5,"gamma(gamma) - E_1"\n')
    names = ("semi major axis", "gamma", "E_1")
    found = read_hall_of_fame(file, names)
    assert found.expressions[0] == sympy.Symbol("semi major axis") * sympy.Symbol("gamma")
    assert found.expressions[1] == sympy.gamma(sympy.Symbol("gamma")) - sympy.Symbol("E_1")
    assert parse_expression(found.formulas[0].expression, names) == found.expressions[0]


def test_unknown_names_are_listed():
    with pytest.raises(DataError, match=r"q2, q1: no such column in the table, which has charge, r; .* rename"):
        read_hall_of_fame(FILES / "power_law", ("charge", "r"))


# -- files -------------------------------------------------------------------------------------------------------------


def test_folders(tmp_path):
    assert read_hall_of_fame(FILES / "kepler", ("a",)).source.name == "hall_of_fame.csv"
    with pytest.raises(ArgumentError, match=r"one for each target.*hall_of_fame_output1.csv, hall_of_fame_output2.csv"):
        read_hall_of_fame(FILES / "two_outputs", ("theta", "w"))
    with pytest.raises(ArgumentError, match=r"holds no hall_of_fame\.csv"):
        read_hall_of_fame(tmp_path, ("a",))
    shutil.copytree(FILES / "kepler", tmp_path / "outputs" / "20260101_one")
    assert read_hall_of_fame(tmp_path / "outputs", ("a",)).pick == 6
    shutil.copytree(FILES / "kepler", tmp_path / "outputs" / "20260102_two")
    with pytest.raises(ArgumentError, match=r"several runs.*20260101_one"):
        read_hall_of_fame(tmp_path / "outputs", ("a",))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"Complexity,Loss,Equation\n", "has no formulas"),
        (b"time,position\n1,2\n", "needs the columns Complexity, Loss and Equation, but its first line is 'time,pos"),
        (b"\xff\xfe\x00C\x00o", "no text in UTF-8"),
        (b'Complexity,Loss,Equation\n1,one,"a"\n', "line 2 of .* is not complexity, loss and equation"),
        (b'Complexity,Loss,Equation\n1,1.0,"floor(a)"\n', "no formula that can be read: .*uses floor"),
    ],
)
def test_what_is_no_hall_of_fame(tmp_path, content, words):
    file = tmp_path / "front.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_hall_of_fame(file, ("a",))


def test_a_missing_file_and_one_that_is_too_large(tmp_path):
    with pytest.raises(ArgumentError, match="there is no file"):
        read_hall_of_fame(tmp_path / "nothing.csv", ("a",))
    file = tmp_path / "front.csv"
    with file.open("wb") as handle:
        handle.truncate(30 * 2**20)
    with pytest.raises(DataError, match="larger than 20 MB"):
        read_hall_of_fame(file, ("a",))


def test_spellings_of_the_columns(tmp_path):
    file = tmp_path / "front.csv"
    file.write_text(
        '"loss";"EQUATION";"Complexity";"score"\r\n0.5;"a ^ 2.0";3;0.0\r\n\r\n0.1;"a, b";7;1.0\r\n', newline=""
    )
    found = read_hall_of_fame(file, ("a",))
    assert [(f.complexity, f.loss, f.expression) for f in found.formulas] == [(3, 0.5, "a**2")]
    assert found.remarks[0].startswith("the formula of complexity 7 is left out")


@settings(max_examples=60)
@given(st.data())
def test_a_file_cut_off_anywhere_gives_its_beginning(tmp_path_factory, data):
    whole = (FILES / "kepler" / "hall_of_fame.csv").read_bytes()
    rows = read_rows(FILES / "kepler" / "hall_of_fame.csv").rows
    folder = tmp_path_factory.mktemp("cut")
    ends = [k + 1 for k in range(len(whole) - 1) if whole[k : k + 1] == b"\n"]
    cuts = st.integers(0, len(whole) - 1) | st.sampled_from(ends)
    file = folder / "hall_of_fame.csv"
    file.write_bytes(whole[: data.draw(cuts)])
    try:
        found = read_rows(file).rows
    except DataError:
        found = ()
    assert found == rows[: len(found)]
    # The copy is of the round before: whole, wherever the file was cut.
    (folder / "hall_of_fame.csv.bak").write_bytes(whole)
    with_copy = read_rows(file)
    assert with_copy.rows == rows and with_copy.whole
    # And the other way round: the file is whole, and its copy was being written.
    file.write_bytes(whole)
    (folder / "hall_of_fame.csv.bak").write_bytes(whole[: data.draw(cuts)])
    assert read_rows(file).rows == rows and read_rows(file).remarks == ()
    file.unlink()
    (folder / "hall_of_fame.csv.bak").write_bytes(whole)
    assert "read from hall_of_fame.csv.bak" in read_rows(file).remarks[0]


# -- version 2 ---------------------------------------------------------------------------------------------------------


def test_formulas_of_version_2():
    found = read_hall_of_fame(FILES / "v2_operators", ("u", "v"))
    left_out = [remark for remark in found.remarks if "left out" in remark]
    assert len(left_out) == 2 and "complexity 6" in left_out[0] and "mod" in left_out[0] and "round" in left_out[1]
    assert [formula.complexity for formula in found.formulas] == [1, 2, 3, 4, 5, 8, 9, 11]
    # PySR's own rule takes the one of complexity 9: 0.5 per node, from 0.0382.
    assert found.formulas[found.pick].complexity == 9 and not any("own pick" in remark for remark in found.remarks)
    u, v = 0.7, 2.5
    expected = [
        -1.25e-5,
        u**2,
        1 / v + u,
        u - 0.5,
        max(u, 2 * v),
        u**-3,
        (-u) ** 3 - math.log(v) ** 2,
        u**2 * (math.erf(v) + 1.5),
    ]
    values = [float(numeric(expression, ("u", "v"))(u, v)) for expression in found.expressions]
    assert values == pytest.approx(expected, rel=1e-14)


def test_templates_are_no_formulas_of_columns():
    with pytest.raises(DataError, match="no formula that can be read"):
        read_hall_of_fame(FILES / "v2_template", ("a", "b"))


def test_a_pick_that_cannot_be_read(tmp_path):
    file = tmp_path / "front.csv"
    file.write_text('Complexity,Loss,Equation\n1,2.0,"a"\n3,1e-9,"floor(a) * a"\n5,9e-10,"a * 1.01"\n')
    found = read_hall_of_fame(file, ("a",))
    assert found.pick == 1 and "PySR's own pick, of complexity 3, is not among those" in found.remarks[-1]


# -- the pick ----------------------------------------------------------------------------------------------------------


def best_by_pandas(rows):
    """PySR's rule in the words of its documentation: the highest score among losses up to 1.5 times the least.

    Several rows where scores are equal but for rounding.
    """
    table = pd.DataFrame({"complexity": [r.complexity for r in rows], "loss": [r.loss for r in rows]})
    with np.errstate(divide="ignore"):
        score = -np.log(table["loss"]).diff() / table["complexity"].diff()
    table["score"] = score.fillna(0.0).where(table["loss"] > 0, np.inf)
    good = table[table["loss"] <= 1.5 * table["loss"].min()]["score"]
    return set(good.index[good >= good.max() - 1e-9])


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0.01, 0.999)), min_size=1, max_size=12), st.booleans())
def test_the_pick_is_that_of_pysrs_rule(steps, exact):
    rows, complexity, loss = [], 0, 10.0
    for step, factor in steps:
        complexity, loss = complexity + step, loss * factor
        rows.append(Row(complexity, loss, "a"))
    if exact:
        rows.append(Row(complexity + 2, 0.0, "a"))
    assert best_pick(rows) in best_by_pandas(rows)


def test_odd_losses():
    assert best_pick([Row(1, math.nan, "a"), Row(2, 1.0, "a"), Row(4, math.inf, "a")]) == 1
    # Logarithms of losses are likelihoods: there is no score, and the least is taken.
    assert best_pick([Row(1, 3.0, "a"), Row(2, -1.0, "a"), Row(3, -7.0, "a"), Row(9, -6.0, "a")]) == 2


# -- Julia's text ------------------------------------------------------------------------------------------------------

JULIA = {
    "inv(x)": lambda x, y: 1 / x,
    "cube(x)": lambda x, y: x**3,
    "square(x)": lambda x, y: x**2,
    "neg(x)": lambda x, y: -x,
    "relu(x)": lambda x, y: x if x > 0 else 0.0,
    "cbrt(x)": lambda x, y: np.cbrt(x),
    "sign(x)": lambda x, y: np.sign(x),
    "sinc(x)": lambda x, y: np.sinc(x),
    "erf(x)": lambda x, y: special.erf(x),
    "erfc(x)": lambda x, y: special.erfc(x),
    "gamma(x)": lambda x, y: special.gamma(x),
    "log2(abs(x))": lambda x, y: np.log2(abs(x)),
    "log10_abs(x)": lambda x, y: np.log10(abs(x)),
    "log1p(abs(x))": lambda x, y: np.log1p(abs(x)),
    "safe_log(abs(x))": lambda x, y: np.log(abs(x)),
    "safe_pow(abs(x), y)": lambda x, y: abs(x) ** y,
    "pow_abs(x, y)": lambda x, y: abs(x) ** y,
    "sqrt_abs(x)": lambda x, y: abs(x) ** 0.5,
    "acosh_abs(x)": lambda x, y: np.arccosh(abs(x) + 1),
    "atanh_clip(sin(x))": lambda x, y: np.arctanh(np.sin(x)),
    "asinh(x)": lambda x, y: np.arcsinh(x),
    "max(x, y)": lambda x, y: max(x, y),
    "min(x, y, 0.3)": lambda x, y: min(x, y, 0.3),
    "clamp(x, -0.5, 0.5)": lambda x, y: min(max(x, -0.5), 0.5),
    "fma(x, y, 2.0)": lambda x, y: x * y + 2,
    "muladd(x, y, x)": lambda x, y: x * y + x,
    "greater(x, y)": lambda x, y: float(x > y),
    "less(x, y)": lambda x, y: float(x < y),
    "greater_equal(x, y)": lambda x, y: float(x >= y),
    "less_equal(x, y)": lambda x, y: float(x <= y),
    "cond(x, y)": lambda x, y: y if x > 0 else 0.0,
    "logical_or(x, y)": lambda x, y: float(x > 0 or y > 0),
    "logical_and(x, y)": lambda x, y: float(x > 0 and y > 0),
    "plus(x, y) - sub(y, x)": lambda x, y: 2 * x,
    "div(x, y) * mult(x, y)": lambda x, y: x * x,
    "atan(x, y)": lambda x, y: np.arctan2(x, y),
    "exp10(x) + exp2(y)": lambda x, y: 10**x + 2**y,
    "1.5f-2 * x": lambda x, y: 0.015 * x,
    "-(x) ^ 2.0": lambda x, y: x**2,
    "-x ^ 2.0": lambda x, y: -(x**2),
    "-0.5 ^ 2.0": lambda x, y: 0.25,
    "x - -1.5e-3 * -y": lambda x, y: x - 1.5e-3 * y,
    "2.0 ^ x ^ 2.0": lambda x, y: 2 ** (x**2),
    "x / y / 2.0 - y - 1.0": lambda x, y: x / y / 2 - y - 1,
}


@pytest.mark.parametrize("text", JULIA)
@pytest.mark.parametrize(("x", "y"), [(0.7, 1.9), (-1.3, 0.4), (1.9, 0.7), (-0.6, -1.1), (0.5, 0.5)])
def test_julias_functions(text, x, y):
    expression = parse_expression(translated(text, {"x": "x", "y": "y"}), ("x", "y"))
    assert float(numeric(expression, ("x", "y"))(x, y)) == pytest.approx(float(JULIA[text](x, y)), rel=1e-12, abs=1e-12)


def test_steps_at_zero():
    for text, value in {"relu(x)": 0, "cond(x, x + 1.0)": 0, "greater(x, x)": 0, "less_equal(x, x)": 1}.items():
        expression = parse_expression(translated(text, {"x": "x"}), ("x",))
        assert numeric(expression, ("x",))(0.0) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x +", "ends early"),
        ("x y", "goes on with 'y'"),
        ("(x", r"lacks a '\)'"),
        ("x % 2", "holds '%'"),
        ("floor(x)", "uses floor, which"),
        ("mod(x, y)", "uses mod of 2 arguments"),
        ("x * NaN", "holds NaN"),
        ("(1.0 + 2.0im) * x", "complex numbers"),
        ("2x", "holds 2"),
        ("f = #1; g = #2", "holds '='"),
        ("(" * 300 + "x" + ")" * 300, "nested more than"),
        ("-" * 5000 + "x", "'-' where a number"),
        ("x + " * 5000 + "x", "longer than"),
        ("__import__('os')", 'holds "\'"'),
        ("", "ends early"),
    ],
)
def test_what_is_no_formula(text, words):
    with pytest.raises(FormulaTextError, match=words):
        translated(text, {"x": "x", "y": "y"})
    with pytest.raises(FormulaTextError):
        names_in(text)


def test_written_out_it_may_become_too_long():
    text = "x"
    for _ in range(12):
        text = f"max({text}, y)"
    with pytest.raises(FormulaTextError, match="longer than 10000 characters when written out"):
        translated(text, {"x": "x", "y": "y"})


def test_names_that_stay_are_the_parsers():
    assert set(KNOWN_FUNCTIONS) >= SAME


LEAVES = st.one_of(
    st.sampled_from(["x", "y"]),
    st.floats(-3, 3).map(lambda value: round(value, 3)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner),
        st.tuples(st.just("^"), inner, st.sampled_from([2.0, -1.0, 3.0, -2.0])),
        st.tuples(st.sampled_from(["sin", "-", "square", "inv", "cube", "exp"]), inner),
    ),
    max_leaves=8,
)


def printed(tree):
    """As DynamicExpressions.jl prints a tree."""
    if not isinstance(tree, tuple):
        return repr(tree) if isinstance(tree, float) else tree
    parts = [printed(part) for part in tree[1:]]
    if len(parts) == 2:
        return f"({parts[0]} {tree[0]} {parts[1]})"
    return f"{tree[0]}({stripped(parts[0])})"


def stripped(text):
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def computed(tree, at):
    """What Julia computes for it."""
    if not isinstance(tree, tuple):
        return np.float64(at.get(tree, tree))
    parts = [computed(part, at) for part in tree[1:]]
    if len(parts) == 2:
        left, right = parts
        return {"+": left + right, "-": left - right, "*": left * right, "/": left / right, "^": left**right}[tree[0]]
    unary = {"sin": np.sin, "exp": np.exp, "square": np.square, "inv": np.reciprocal}
    return unary.get(tree[0], lambda u: -u if tree[0] == "-" else u**3)(parts[0])


@settings(max_examples=150)
@given(TREES)
def test_trees_as_julia_prints_them(tree):
    at = {"x": 0.83, "y": -1.37}
    with np.errstate(all="ignore"):
        expected = computed(tree, at)
    text = translated(stripped(printed(tree)), {"x": "x", "y": "y"})
    try:
        expression = parse_expression(text, ("x", "y"))
    except ArgumentError:
        # 1/0 and the like; the parser says so.
        return
    with np.errstate(all="ignore"):
        value = complex(numeric(expression, ("x", "y"))(at["x"], at["y"]))
    if math.isfinite(expected) and abs(expected) < 1e6:
        assert value.real == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_one_column_needs_no_name(tmp_path):
    path = tmp_path / "hall_of_fame.csv"
    path.write_text('Complexity,Loss,Equation\n1,2.0,"1.5"\n3,0.1,"a * a"\n')
    hall = read_hall_of_fame(path, ["semi-major axis"])
    assert [formula.expression for formula in hall.formulas][1].count("semi-major axis") == 2
    assert any("a is taken for semi-major axis" in remark for remark in hall.remarks)
    path.write_text('Complexity,Loss,Equation\n1,2.0,"a + b"\n')
    with pytest.raises(DataError, match="no such column"):
        read_hall_of_fame(path, ["semi-major axis"])
