"""One search each, the time shared, and what is found for one tried on all."""

from dataclasses import replace

import numpy as np
import pytest

from kansym import ArgumentError, DataError, DiscoveryOptions
from kansym.search.results import StopReason
from kansym.targets import search as module
from kansym.targets.search import discover_targets
from kansym.targets.trying import Source, with_sources

OPTIONS = DiscoveryOptions(max_seconds=6, deterministic=True)
T = np.linspace(0, 3, 40)


def lines(tables_of, noise=0.0):
    return tables_of(T[:, None], {"u": 2 * T + 1, "v": T**2, "w": 3 - T}, ["t"], noise)


@pytest.fixture(scope="module")
def dipole():
    """Bx is found by itself in seconds, and Bz is not."""
    from kansym import discover, make_dataset

    rng = np.random.default_rng(1)
    x, z = rng.uniform(0.5, 2, 60), rng.uniform(-2, 2, 60)
    power = (x**2 + z**2) ** 2.5
    fields = {"Bx": 3.6 * x * z / power, "Bz": 1.2 * (2 * z**2 - x**2) / power}
    tables = {name: make_dataset(np.c_[x, z], field, names=["x", "z"], target=name) for name, field in fields.items()}
    brief = DiscoveryOptions(max_seconds=0.3, deterministic=True)
    return tables, discover(tables["Bz"], brief), brief


@pytest.mark.long
def test_polar_coordinates(tables_of):
    rng = np.random.default_rng(0)
    r, theta = rng.uniform(1, 3, 60), rng.uniform(0, 6, 60)
    targets = {"x": r * np.cos(theta), "y": r * np.sin(theta)}
    tables = tables_of(np.c_[r, theta], targets, ["r", "theta"])
    found = discover_targets(tables, OPTIONS)
    assert [str(row.formula) for row in found.rows] == ["x = r*cos(theta)", "y = r*sin(theta)"]
    assert [relation.text for relation in found.common.relations] == ["x**2 + y**2 = r**2"]
    assert not found.failed and not found.interrupted and found["y"] is found.rows[1]


@pytest.mark.long
def test_the_order_of_the_targets_changes_no_formula(tables_of):
    tables = lines(tables_of, 0.05)
    del tables["w"]
    options = DiscoveryOptions(max_seconds=0.5, deterministic=True)
    found = discover_targets(tables, options)
    backward = discover_targets(dict(reversed(tables.items())), options)
    for name in tables:
        assert found[name].formula.to_dict() == backward[name].formula.to_dict()


def test_a_component_of_a_field_gives_the_other_its_denominator(dipole, formula_of, work_clock):
    tables, found, options = dipole
    source = Source("Bx", formula_of("3.6*x*z/(x^2 + z^2)^(5/2)", tables["Bx"]))
    noted = replace(found, notes=("of the pick before",))
    better, target = with_sources(noted, tables["Bz"], [source], options, 3.0)
    assert "of the pick before" not in better.notes
    assert target == "Bx" and better.stopped == StopReason.AS_GOOD_AS_DATA
    assert better.formula.rank < found.formula.rank
    np.testing.assert_allclose(better.formula.predict(tables["Bz"].X), tables["Bz"].y, atol=1e-12)
    assert better.front.best is better.formula and len(better.front) >= len(found.front[:1])


def test_a_form_that_does_not_pay_changes_nothing(dipole, formula_of, work_clock):
    tables, found, options = dipole
    source = Source("other", formula_of("exp(-3.5*x)*sin(5.5*z)", tables["Bx"]))
    same, target = with_sources(found, tables["Bz"], [source], options, 1.0)
    assert same is found and target == ""


@pytest.mark.long
def test_a_form_of_a_noisy_target_with_errors_is_settled_on_the_table(tables_of, formula_of, work_clock):
    from kansym import discover

    tables = tables_of(T[:, None], {"v": 2.5 * np.sin(4.3 * T)}, ["t"], 0.02, True)
    options = DiscoveryOptions(max_seconds=0.1, deterministic=True)
    found = discover(tables["v"], options)
    source = Source("u", formula_of("1.1*cos(4.2*t)", tables["v"]))
    better, target = with_sources(found, tables["v"], [source], options, 2.0)
    assert target == "u" and "sin" in str(better.formula)
    errors = [constant.error for constant in better.formula.constants]
    # Absolute: sigma of the amplitude is sqrt(2/n) times the error of the table.
    assert errors[0] == pytest.approx(0.02 * np.sqrt(2 / 40), rel=0.1)


def test_a_target_that_cannot_be_read_or_fails_is_a_row(tables_of, monkeypatch):
    tables = {**lines(tables_of), "lost": DataError("the target 'lost' is constant (1)")}
    search = module.discover

    def failing(table, options, **rest):
        if table.target == "v":
            raise ValueError("no luck")
        return search(table, options, **rest)

    monkeypatch.setattr(module, "discover", failing)
    found = discover_targets(tables, OPTIONS)
    assert [(row.name, row.failure) for row in found.failed] == [
        ("v", "ValueError: no luck"),
        ("lost", "the target 'lost' is constant (1)"),
    ]
    assert {str(row.formula) for row in found.found} == {"u = 2*t + 1", "w = 3 - t"}


def test_ctrl_c_keeps_those_that_were_found(tables_of, monkeypatch):
    search = module.discover

    def interrupted(table, options, **rest):
        if table.target == "v":
            raise KeyboardInterrupt
        return search(table, options, **rest)

    monkeypatch.setattr(module, "discover", interrupted)
    found = discover_targets(lines(tables_of), OPTIONS)
    assert found.interrupted and [row.name for row in found.found] == ["u"]
    assert {row.failure for row in found.failed} == {"interrupted before it was searched"}


@pytest.mark.long
def test_algebra_that_fails_costs_no_formula(tables_of, monkeypatch):
    def failing(*_, **__):
        raise RecursionError

    monkeypatch.setattr(module, "common_of", failing)
    monkeypatch.setattr(module, "with_sources", failing)
    tables = lines(tables_of, 0.05)
    found = discover_targets({name: tables[name] for name in "uw"}, DiscoveryOptions(max_seconds=0.2))
    assert not found.failed and not found.common


def test_ctrl_c_before_anything_was_found_is_one(tables_of, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "discover", interrupted)
    with pytest.raises(KeyboardInterrupt):
        discover_targets(lines(tables_of), OPTIONS)


def test_time_that_one_does_not_use_goes_to_those_that_are_open(tables_of, monkeypatch):
    from dataclasses import replace

    asked = []
    tables = lines(tables_of, 0.05)
    any_result = module.discover(tables["u"], DiscoveryOptions(max_seconds=0.1, deterministic=True))
    monkeypatch.setattr(module, "with_sources", lambda found, *_: (found, ""))

    def open_end(table, options, **rest):
        asked.append((table.target, options.max_seconds))
        left_open = table.target == "v"
        return replace(any_result, stopped=StopReason.OUT_OF_TIME if left_open else StopReason.AS_GOOD_AS_DATA)

    monkeypatch.setattr(module, "discover", open_end)
    monkeypatch.setattr(module, "_is_exact", lambda _: False)
    discover_targets(tables, OPTIONS)
    first, again = asked[:3], asked[3:]
    assert [seconds for _, seconds in first] == [pytest.approx(module.OWN * 6 / 3)] * 3
    assert [name for name, _ in again] == ["v"] and again[0][1] > 1.5 * first[0][1]


def test_what_cannot_be_searched_is_said(tables_of):
    tables = lines(tables_of)
    with pytest.raises(ArgumentError, match="two targets at least, got 1"):
        discover_targets({"u": tables["u"]}, OPTIONS)
    with pytest.raises(ArgumentError, match="for one target"):
        discover_targets(tables, DiscoveryOptions(guesses=("a*t",)))
    with pytest.raises(DataError, match="constant"):
        discover_targets(dict.fromkeys("ab", DataError("it is constant")), OPTIONS)
