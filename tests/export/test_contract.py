"""What every exporter has to do: the code compiles without warnings, and gives the values of the formula.

One list of formulas for all languages (`cases.py`): all primitives, all functions, formulas that lose digits or leave
double precision, columns with impossible names. Values are compared with those of 50 digits.
"""

import ast
import functools
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from benchmarks.exported_code import Task, is_available, run
from kansym.bench.evaluation import precise_values
from kansym.errors import KansymError
from kansym.export import LANGUAGES, suffix_of, to_code, to_torch
from kansym.export.languages import language_of
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression

CASES = runpy.run_path(str(Path(__file__).parent / "cases.py"))
ALL, LACKING = CASES["all_cases"](), CASES["LACKING"]
CODE = [language for language in LANGUAGES if language != "latex"]
RUN = [language for language in CODE if language != "mathematica"]
"""Mathics needs minutes; the benchmark runs it."""


def lacks(language, case):
    return case.name in LACKING[language] or case.name.split()[0] in LACKING[language]


@functools.cache
def exact(case):
    symbols = [plain_symbol(name) for name in case.formula.variables]
    return precise_values(case.formula.expression, symbols, case.rows)


def relative_error(values, truth):
    return np.abs(values - truth) / np.maximum(np.abs(truth), 1e-300)


@pytest.mark.parametrize("language", RUN)
def test_values_are_those_of_the_formula(language, tmp_path):
    if not is_available(language):
        pytest.skip(f"{language} is not on this machine")
    cases = [case for case in ALL if not lacks(language, case)]
    tasks = [Task(to_code(c.formula, language, name=f"law{k}"), f"law{k}", c.X) for k, c in enumerate(cases)]
    worst = {}
    for case, values in zip(cases, run(language, tasks, tmp_path), strict=True):
        error = relative_error(values, exact(case))
        assert not np.isnan(error).any(), case.name
        worst[case.name] = error.max()
    assert {name: error for name, error in worst.items() if error > 1e-12} == {}


@pytest.mark.parametrize("language", CODE)
def test_what_a_language_lacks_is_said(language):
    missing = [case for case in ALL if lacks(language, case)]
    for case in missing:
        with pytest.raises(KansymError, match=f"formula: .*{case.name.split()[0]}"):
            to_code(case.formula, language)
    assert len(missing) >= len(LACKING[language])


@pytest.mark.parametrize("language", ["c", "fortran", "torch", "javascript"])
def test_bessel_functions_of_other_orders_are_refused(language):
    x = plain_symbol("x")
    for order in (sympy.Rational(1, 2), sympy.Float(1.5), x):
        formula = CASES["formula_of"](sympy.besselj(order, x, evaluate=False), ["x"])
        with pytest.raises(KansymError, match=r"besselj for .* only, got"):
            to_code(formula, language)


@pytest.mark.parametrize("language", CODE)
def test_columns_are_not_called_like_functions_of_the_language(language):
    known = language_of(language)
    assert len(known.reserved) > 10
    assert not set(known.identify(sorted(known.reserved)).values()) & known.reserved


def test_an_unknown_language_is_refused():
    with pytest.raises(KansymError, match=r"language must be one of python, torch, c, .*, got 'cobol'"):
        to_code(ALL[0].formula, "cobol")


def test_the_module_of_torch_has_the_values_and_trains():
    for case in (case for case in ALL if not lacks("torch", case)):
        module = to_torch(case.formula)
        values = module(torch.from_numpy(case.rows)).detach().numpy()
        assert relative_error(values, exact(case)).max() < 1e-12, case.name
        for value in module.parameters():
            assert value.dtype == torch.float64
    module = to_torch(CASES["case"]("decay", "2.5*exp(-0.7*x)", [], x=np.ones(1)).formula)
    x = torch.linspace(0, 3, 20, dtype=torch.float64)[:, None]
    y = 3.1 * torch.exp(-0.4 * x[:, 0])
    optimizer = torch.optim.LBFGS(module.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = ((module(x) - y) ** 2).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert sorted(module.state_dict()) == ["c0", "c1"]
    assert sorted(abs(value.item()) for value in module.parameters()) == pytest.approx([0.4, 3.1], rel=1e-4)
    with pytest.raises(KansymError, match=r"X must have shape \(n, 1\)"):
        module(x[:, 0])


@pytest.mark.parametrize("language", CODE)
def test_a_file_says_what_it_is(language):
    formula = CASES["formula_of"](
        parse_expression("39.7293178*`wave (1/cm)`^3", ["wave (1/cm)"]),
        ["wave (1/cm)"],
        [CASES["Constant"]("c0", 39.7293178, 0.0017, unit="cm^3 MJy/sr")],
        target="intensity",
    )
    code = to_code(formula, language)
    for words in ("intensity = 39.7293*wave (1/cm)**3", "39.7293(17) cm^3 MJy/sr", "39.7293178", "kansym"):
        assert words in code
    assert to_code(formula, language, name="planck").lower().count("planck") >= 1
    assert suffix_of(language).startswith(".")


@pytest.mark.parametrize("language", CODE)
def test_a_file_keeps_all_digits(language):
    values = [0.1 + 0.2, 1 / 3 * 1e-200, 2.2250738585072014e-308, 1.7976931348623157e308, 12345678901234567.0]
    total = sympy.Add(*(sympy.Float(value) * plain_symbol(f"x{k}") for k, value in enumerate(values)))
    code = to_code(CASES["formula_of"](total, [f"x{k}" for k in range(5)]), language)
    numbers = re.findall(r"(?<![\w.])\d+\.?\d*`?(?:(?:e|\*\^)[+-]?\d+)?", code)
    found = {float(number.replace("`", "").replace("*^", "e")) for number in numbers}
    assert set(values) <= found


def julia_body(code):
    """The returned expression, with the defaults of the keywords put in."""
    body = re.search(r"return (.*?)\nend\s*$", code, re.DOTALL).group(1).strip()
    head = re.search(r"^function \w+\((.*)\)$", code, re.MULTILINE).group(1)
    values = dict(re.findall(r"(\w+) = ([-\de.+]+)", head.partition(";")[2]))
    return re.sub(r"[A-Za-z_]\w*", lambda word: f"({values[word[0]]})" if word[0] in values else word[0], body)


def test_julia_says_the_same():
    # Read back by kansym's own parser, whose notation has the same operators.
    checked = 0
    for case in (case for case in CASES["other_cases"]() if case.X.shape[1]):
        body = julia_body(to_code(case.formula, "julia"))
        if re.search(r"log_exp|atan\(", body):
            continue
        names = sorted(set(re.findall(r"[A-Za-z_]\w*", body)) - {"exp", "log", "sin", "cos", "sqrt", "abs", "sign"})
        names = [name for name in names if name not in ("expm1", "log1p", "cbrt", "tanh", "e")]
        code = to_code(case.formula, "julia")
        order = re.search(r"^function \w+\((.*?)[;)]", code, re.MULTILINE).group(1).split(", ")
        assert set(names) <= set(order)
        values = precise_values(parse_expression(body, order), [plain_symbol(name) for name in order], case.X)
        assert relative_error(values, exact(case)).max() < 1e-12, case.name
        checked += 1
    assert checked > 15


def test_julia_is_julia():
    tree_sitter = pytest.importorskip("tree_sitter")
    language = tree_sitter.Language(pytest.importorskip("tree_sitter_julia").language())
    parser = tree_sitter.Parser(language)
    assert parser.parse(b"function f(x) return x*; end").root_node.has_error
    for case in ALL:
        assert not parser.parse(to_code(case.formula, "julia").encode()).root_node.has_error, case.name


def test_mathematica_says_the_same():
    from sympy.parsing.mathematica import parse_mathematica

    checked = 0
    for case in (case for case in ALL if case.X.shape[1] and case.name not in ("two arguments", "nasty names")):
        code = re.sub(r"\(\*.*?\*\)", "", to_code(case.formula, "mathematica"), flags=re.DOTALL)
        arguments = re.findall(r"(\w+)_", code.partition(":=")[0])
        definitions, _, body = code.partition("With[")[2].strip().partition("},")
        values = dict(re.findall(r"(\w+) = (\S+?)`?(?=[,\s*]|$)", definitions.replace("`*^", "e").replace("`", "")))
        body = body.strip().removesuffix("]").replace("`*^", "*^").replace("`", "")
        if re.search(r"CubeRoot|Piecewise|Sinc|ProductLog|Erf|Airy|Bessel|Gamma|\*\^|LogGamma", body):
            continue
        expression = parse_mathematica(" ".join(body.split()))
        numbers = {
            symbol: sympy.Float(float(values[str(symbol)]))
            for symbol in expression.free_symbols
            if str(symbol) in values
        }
        symbols = [sympy.Symbol(name) for name in arguments]
        assert expression.xreplace(numbers).free_symbols <= set(symbols), case.name
        read = precise_values(expression.xreplace(numbers), symbols, case.X)
        assert relative_error(read, exact(case)).max() < 1e-12, case.name
        checked += 1
    assert checked > 60


@pytest.mark.parametrize("language", ["python", "torch"])
def test_python_files_are_tidy(language):
    for case in (case for case in ALL if not lacks(language, case)):
        tree = ast.parse(to_code(case.formula, language))
        assert ast.get_docstring(tree)
        imported = {
            (alias.asname or alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert imported - {"np"} <= used, case.name
