"""LaTeX: units, constants with letters, whole documents; compiled where there is a LaTeX."""

import re
import runpy
import shutil
from pathlib import Path

import pytest
import sympy
from matplotlib.mathtext import MathTextParser

from benchmarks.latex import compile_latex, known_laws, laws_document, main
from kansym.export import to_code, unit_to_latex
from kansym.export.latex import constant_to_latex
from kansym.export.program import FittedConstant
from kansym.export.writing import value_and_unit
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.latex import escaped, name_to_latex
from kansym.symbolic.parser import parse_expression

CASES = runpy.run_path(str(Path(__file__).parent / "cases.py"))
needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")


@pytest.mark.parametrize(
    ("unit", "latex"),
    [
        ("m/s", r"\mathrm{m\,s^{-1}}"),
        ("kg m^2 s^-2", r"\mathrm{kg\,m^{2}\,s^{-2}}"),
        ("kg*m**2/s**2", r"\mathrm{kg\,m^{2}\,s^{-2}}"),
        ("m s-1", r"\mathrm{m\,s^{-1}}"),
        ("1/cm", r"\mathrm{cm^{-1}}"),
        ("km/s/Mpc", r"\mathrm{km\,s^{-1}\,Mpc^{-1}}"),
        ("cm^3 MJy/sr", r"\mathrm{cm^{3}\,MJy\,sr^{-1}}"),
        ("yr/au^(3/2)", r"\mathrm{yr\,au^{-3/2}}"),
        ("10^-27 kg", r"\mathrm{10^{-27}\,kg}"),
        ("1/angstrom", r"\mathrm{\mathring{A}^{-1}}"),
        ("degC", r"\mathrm{^{\circ}C}"),
        ("µm", r"\mathrm{\mu{}m}"),
        ("%", r"\mathrm{\%}"),
        ("m²", r"\mathrm{m^{2}}"),
        ("J/(kg K)", r"\mathrm{J\,kg^{-1}\,K^{-1}}"),
        ("1/(rad/s)^2", r"\mathrm{rad^{-2}\,s^{2}}"),
        ("1e-3 m", r"\mathrm{10^{-3}\,m}"),
        ("m·s⁻¹", r"\mathrm{m\,s^{-1}}"),
        ("1/deg", r"\mathrm{{{}^{\circ}}^{-1}}"),
        ("arb. units", r"\mathrm{arb.\ units}"),
        ("1e300 m", r"\mathrm{10^{300}\,m}"),
        ("2eV", r"\mathrm{2\,eV}"),
        ("1", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_units_are_upright(unit, latex):
    assert unit_to_latex(unit) == latex


def planck():
    constants = (
        Constant("c0", 39.72931, 0.0017, unit="cm^3 MJy/sr"),
        Constant("c1", 0.52798986, 5.7e-6, unit="cm"),
    )
    expression = parse_expression("39.72931*nu^3/(exp(0.52798986*nu) - 1)", ["nu"])
    return Formula(expression, ("nu",), "I_nu", 12, 1.0, 1.0, 1.0, constants)


def test_constants_get_letters_and_units():
    assert planck().latex(with_target=True, with_units=True) == (
        r"I_{\mathrm{nu}} = \frac{c_{0} \nu^{3}}{e^{c_{1} \nu} - 1}, \quad "
        r"c_{0} = 39.7293(17)\,\mathrm{cm^{3}\,MJy\,sr^{-1}}, \quad c_{1} = 0.527990(6)\,\mathrm{cm}"
    ).replace(r"\mathrm{nu}", r"\nu")
    assert planck().latex() == r"\frac{39.7293 \nu^{3}}{e^{0.5279899 \nu} - 1}"
    # A multiple of a constant with a name of its own.
    fall = Formula(parse_expression("4.905*t^2", ["t"]), ("t",), "s", 5, 1.0, 1.0, 1.0, (Constant("g", 9.81, 0.02),))
    assert fall.latex(with_units=True) == r"\frac{1}{2} g t^{2}, \quad g = 9.810(20)"


def test_constants_called_like_columns_stay_apart():
    two = Formula(parse_expression("2.5*c0", ["c0"]), ("c0",), "y", 3, 1.0, 1.0, 1.0, (Constant("c0", 2.5, 0.1),))
    assert two.latex(with_units=True) == r"c_{0} c_{0,\mathrm{fit}}, \quad c_{0,\mathrm{fit}} = 2.50(10)"


@needs_latex
def test_documents_compile(tmp_path):
    for number, formula in enumerate([planck(), *(case.formula for case in CASES["other_cases"]())]):
        pages, remarks = compile_latex(to_code(formula, "latex"), tmp_path, f"document{number}")
        assert pages >= 1
        wide = [float(found) for found in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt", "\n".join(remarks))]
        assert max(wide, default=0.0) < 60, formula
        assert not [line for line in remarks if line.startswith("Missing")], formula


@needs_latex
def test_all_feynman_laws_compile(tmp_path):
    laws = known_laws(["feynman", "feynman_bonus"], 1)
    assert len(laws) == 120
    pages, remarks = compile_latex(laws_document(laws), tmp_path)
    wide = [float(found) for found in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt", "\n".join(remarks))]
    assert pages >= 3 and max(wide, default=0.0) < 10


@needs_latex
def test_the_benchmark_says_what_it_saw(tmp_path, capsys):
    assert main(["--catalogues", "feynman_bonus", "--rows", "5", "--languages", "python", "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("LaTeX: 20 laws compile") and lines[-1].split()[:3] == ["python", "20", "20"]
    assert (tmp_path / "laws.pdf").stat().st_size > 10_000


@pytest.mark.long
def test_matplotlib_can_draw_all_of_them():
    parser = MathTextParser("path")
    formulas = [law.formula for law in known_laws(["feynman", "feynman_bonus"], 1)]
    formulas += [case.formula for case in CASES["all_cases"]() if case.name not in ("long", "nasty names")]
    for formula in formulas:
        parser.parse(f"${formula.latex(with_target=True)}$")


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("é", r"\acute{e}"),
        ("größe", r"\mathrm{gr\ddot{o}sse}"),
        ("x^2", r"\mathrm{x\wedge2}"),
        ("T°", r"\mathrm{T^{\circ}}"),
        ("rho_c_0", r"\rho_{c,0}"),
    ],
)
def test_names_hold_what_latex_has_letters_for(name, latex):
    assert name_to_latex(name) == latex


def test_signs_never_meet():
    x, y = sympy.symbols("x y")
    for expression in (
        x - (-2) * y,
        -x - (y - 1),
        x * (-y),
        (-x) ** 3 / (-y),
        -(x - y) / 2,
        x + sympy.Float(-1e-20) * y,
    ):
        text = Formula(expression, ("x", "y"), "z", 1, 0.0, 0.0, 0.0).latex()
        assert not re.search(r"[+-] *[+-]|1\.0 |^\+", text), text


WITH_FACTOR = Constant("c0", 0.0021703, 5.6e-6, unit="10^3 m s^-2")


def test_the_number_in_latex_takes_the_factor():
    assert constant_to_latex(WITH_FACTOR) == r"2.170(6)\,\mathrm{m\,s^{-2}}"
    assert constant_to_latex(Constant("c0", 3.0, 0.1, unit="1/cm")) == r"3.00(10)\,\mathrm{cm^{-1}}"


def test_comments_keep_it_in_brackets_since_the_code_has_the_number():
    assert value_and_unit(FittedConstant("c0", WITH_FACTOR)) == "0.002170(6) (10^3 m s^-2)"


@pytest.mark.parametrize(
    "unit",
    [
        *("1e9999999 m", "12.5e-9999999 m", "m^1e9999999", "m^(1/0)", "m^1/0", "0 m"),
        "((((m^1e999)^1e999)^1e999)^1e999)^1e999",
        pytest.param("(" * 2000 + "m", id="brackets"),
    ],
)
def test_what_no_unit_has_is_set_as_text(unit):
    assert unit_to_latex(unit) == rf"\mathrm{{{escaped(unit)}}}"
