"""Laws from a seed: the same ones everywhere, in their ranges, and of the shapes that are promised."""

import numpy as np
import pytest
import sympy

import kansym.bench.drawn as module
from kansym.bench.acceptance import objection
from kansym.bench.catalogue import load_catalogue
from kansym.bench.drawn import COUNT, KINDS
from kansym.bench.problem import make_problem
from kansym.bench.random_laws import SHAPES, random_law
from kansym.bench.sampling import generator
from kansym.errors import ArgumentError


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_the_laws(kind):
    catalogue = load_catalogue(f"{kind}:12")
    assert len(catalogue.names) == COUNT and catalogue.names[:2] == ("12-001", "12-002")
    first = catalogue["12-004"]
    module._law.cache_clear()
    again = load_catalogue(f"{kind}:12").only(["4"]).laws[-1]
    assert again is not first and again.name == first.name
    assert (again.formula, again.variables, again.constants) == (first.formula, first.variables, first.constants)
    assert (again.noise, again.levels, again.rows) == (first.noise, first.levels, first.rows)
    other = load_catalogue(f"{kind}:13")["13-004"]
    assert (other.formula, other.constants) != (first.formula, first.constants)


def test_the_laws_of_a_seed_stay_what_they_are():
    # Results are kept by seed and number: a change of these is a change of all of them.
    law = load_catalogue("random:7")["7-001"]
    assert law.formula == "4.0*r**2/(0.06736**2+r**2)-10.946*abs(r-0.056)-1.165*abs(n-4.4)"
    assert load_catalogue("sums:7")["7-001"].formula == "0.18948*1/v**2-0.1235*abs(v-1.67)-1.0*1/(1.9+v**2)"
    assert (
        load_catalogue("mixture:12")["12-006"].formula
        == "(-1.0)*sqrt(1+(1.124*v*u)**2)+(0.84087)*exp(-abs(w-(0.92068*u)))"
    )
    lab = load_catalogue("lab:7")["7-001"]
    assert (lab.title, lab.rows) == ("resonance", 34)


@pytest.mark.parametrize("kind", ["random", "sums", "mixture"])
def test_drawn_laws_are_laws(kind):
    for law in load_catalogue(f"{kind}:5").only(["12"]).laws:
        assert objection(law.expression, law.variables, generator("other rows", 1)) is None, law.formula
        problem = make_problem(law, rows=200, seed=0)
        for values in (problem.X, problem.y, problem.law_at(problem.inside), problem.law_at(problem.beyond)):
            assert np.isfinite(values).all(), law.formula
        idle = set(law.names) - {str(symbol) for symbol in law.expression.free_symbols}
        assert len(idle) == (int(law.title.split(", ")[1][0]) if "idle" in law.title else 0)
        # Inner and outer constants are Floats, so that they are numbers and not part of the form.
        assert law.expression.atoms(sympy.Float)


def test_sums_have_one_to_three_columns_and_terms_with_inner_constants():
    for law in load_catalogue("sums:6").only(["12"]).laws:
        terms = [term for term in law.expression.as_ordered_terms() if term.free_symbols]
        assert 1 <= len(law.names) <= 3 and 2 <= len(terms) <= 4, law.formula


def test_mixtures_are_sums_of_functions_of_two_columns_on_rows_of_both_signs():
    for law in load_catalogue("mixture:6").only(["12"]).laws:
        terms = [term for term in law.expression.as_ordered_terms() if term.free_symbols]
        assert 2 <= len(terms) <= 3 and all(len(term.free_symbols) == 2 for term in terms), law.formula
        assert law.rows is not None and 100 <= law.rows <= 500
        X = make_problem(law, rows=None, seed=0).X
        assert X.shape == (law.rows, len(law.names)) and (X.min(0) < -1).all() and (X.max(0) > 1).all()


def test_every_shape_can_be_drawn(monkeypatch):
    for shape, (maker, _) in SHAPES.items():
        monkeypatch.setattr("kansym.bench.random_laws.SHAPES", {shape: (maker, 1.0)})
        law = random_law(generator(f"one {shape}", 0), "one")
        assert law.title.split(",")[0] == shape
        if shape == "absolute":
            assert law.expression.has(sympy.Abs)
        if shape == "exponent":
            assert any(power.exp.free_symbols for power in law.expression.atoms(sympy.Pow))


def test_laws_are_made_when_they_are_asked_for(monkeypatch):
    drawn = []
    kind = module.Kind("random", "", "", lambda numbers, name: drawn.append(name))
    monkeypatch.setitem(KINDS, "random", kind)
    catalogue = load_catalogue("random:4").only(["4-007", "4-003"])
    assert catalogue.names == ("4-003", "4-007") and not drawn
    assert catalogue["4-007"] is None and drawn == ["4-007"]


@pytest.mark.parametrize(
    ("name", "laws", "message"),
    [
        ("random", [], "drawn from a seed, as in random:7"),
        ("random:x", [], "drawn from a seed"),
        ("sums:-1", [], "drawn from a seed"),
        ("random:7", ["101"], "has 100 laws, not 101"),
        ("random:7", ["0"], "has 100 laws, not 0"),
        ("random:7", ["8-001"], "no law '8-001'"),
        ("rndom:7", [], r"no catalogue 'rndom:7'; known: .*random:SEED"),
    ],
)
def test_wrong_names_say_what_is_right(name, laws, message):
    with pytest.raises(ArgumentError, match=message):
        load_catalogue(name).only(laws)
