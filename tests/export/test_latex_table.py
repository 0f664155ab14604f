"""The LaTeX table."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from kansym.errors import ArgumentError
from kansym.export.latex_table import breakable, latex_table
from kansym.search.front import ParetoFront
from kansym.symbolic.formula import Formula
from kansym.symbolic.parser import parse_expression

NAMES = ("x", "t (s)", "beta_0", "α")
TEXTS = (
    "2.5",
    "1.5e-12*x",
    "3.14159*x**2 + `t (s)`",
    "exp(-x/1.7)*`t (s)`^1.5*sin(3*beta_0)/(1 + `t (s)`^2) + 0.2*cosh(α)*log(x)**2 - 1.23456*sqrt(x*beta_0)*tanh(α)",
    "x*`t (s)`*beta_0*α*sin(x)*cos(x)*tanh(x)*exp(x)*sin(α)*cos(α)*tanh(α)*exp(α)*x**1.5*α**2.5*beta_0**3.5",
)


def formula(text, place):
    expression = parse_expression(text, NAMES)
    loss = 10.0 ** (-3 * place)
    return Formula(expression, NAMES, "y_1", 1 + 5 * place, loss, loss, 100.0 - place)


FRONT = ParetoFront([formula(text, place) for place, text in enumerate(TEXTS)])


def test_columns_rows_and_numbers():
    table = latex_table(FRONT)
    assert table.count(r"\\") == 1 + len(TEXTS) and r"\toprule" in table
    assert "Equation & Complexity & Loss & Score" in table
    rows = [line for line in table.splitlines() if line.startswith(("$y", r"\parbox"))]
    assert len(rows) == len(TEXTS) and all(row.count("&") == 3 for row in rows)
    assert r"$1.5 \times 10^{-12} x$" in table.replace("y_{1} = ", "") and r"$10^{-6}$" in table
    # The score is the fall of the logarithm of the loss per node: 3 log(10)/5.
    assert f"${3 * np.log(10) / 5:.3g}$" in rows[1]
    assert r"3.142" in latex_table(FRONT, precision=4) and r"3.14 x" in table


def test_some_rows_and_columns():
    table = latex_table(FRONT, [2, -1], columns=["complexity", "equation"])
    assert "Complexity & Equation" in table and r"\begin{tabular}{@{}cc@{}}" in table
    rows = table.split(r"\midrule")[1].strip().splitlines()
    assert rows[0].startswith("$11$ & $") and rows[1].startswith("$21$ & ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": ["equation", "lambda_format"]}, "columns must be some of equation, complexity, loss, score"),
        ({"columns": []}, "columns must be"),
        ({"columns": "equation"}, "columns must be"),
        ({"precision": 0}, "precision must be"),
        ({"indices": [5]}, r"indices must name some of the 5 formulas of the front, got \[5\]"),
        ({"indices": 3}, "indices must name"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        latex_table(FRONT, **arguments)


def test_places_to_break_are_outside_of_groups():
    text = r"y = a \frac{b c}{d e} \left(f g + h\right) i^{j k} - 1.2 \times 10^{3} l"
    marked = (
        r"y = a \allowbreak \frac{b c}{d e} \allowbreak \left(f g + h\right) \allowbreak i^{j k} - 1.2 \times 10^{3}"
    )
    assert breakable(text) == marked + r" \allowbreak l"
    assert breakable(r"a \ln^{2} x b") == r"a \allowbreak \ln^{2} x \allowbreak b"
    assert breakable(r"a \, b 2 \cdot 3") == r"a \, \allowbreak b \allowbreak 2 \cdot 3"
    # Nothing but these marks is added.
    for one in FRONT:
        latex = one.latex()
        assert re.sub(r"\s+", "", breakable(latex).replace(r"\allowbreak", "")) == re.sub(r"\s+", "", latex)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_it_compiles_with_booktabs_alone(tmp_path):
    document = "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage{booktabs}",
            r"\begin{document}",
            latex_table(FRONT),
            r"\end{document}",
        ]
    )
    (tmp_path / "table.tex").write_text(document, encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=120,
    )
    log = run.stdout.decode("utf-8", errors="replace")
    assert run.returncode == 0, log
    # Long formulas are broken and do not run into the margin by much.
    wide = [float(found) for found in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt too wide", log)]
    assert max(wide, default=0.0) < 60, log
