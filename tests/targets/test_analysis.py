"""From formulas to what they have in common, as values."""

import numpy as np
import pytest

from kansym.codec import from_json, to_json
from kansym.targets.analysis import common_of
from kansym.targets.common import Common, RelationKind
from kansym.targets.text import common_lines

T = np.linspace(0, 6, 60)
W = np.linspace(0.3, 5, 60)
RESPONSE = 1.7 / (2.3**2 - W**2 - 0.4j * W)


def found(tables, texts, formula_of):
    return [(formula_of(text, tables[name]), tables[name]) for name, text in texts.items()]


def resonance(tables_of, formula_of, noise=0.0):
    tables = tables_of(W[:, None], {"A": np.abs(RESPONSE), "phi": np.angle(RESPONSE)}, ["w"], noise)
    texts = {
        "A": "1.7/sqrt(w^4 - 10.42*w^2 + 27.9841)",
        "phi": "atan(5*w - 11.456439237389594) + atan(5*w + 11.456439237389594)",
    }
    return common_of(found(tables, texts, formula_of))


def test_a_wave_and_its_quadrature(tables_of, formula_of):
    tables = tables_of(T[:, None], {"u": 2.5 * np.cos(1.3 * T), "v": 2.5 * np.sin(1.3 * T)}, ["t"], 0.02, True)
    common = common_of(found(tables, {"u": "2.5*cos(1.31*t)", "v": "2.49*sin(1.3*t)"}, formula_of))
    assert [formula.text for formula in common.formulas] == ["a*cos(P)", "a*sin(P)"]
    assert [(part.name, part.text, part.targets) for part in common.parts] == [("P", "b*t", ("u", "v"))]
    assert [relation.text for relation in common.relations] == ["u**2 + v**2 = a**2"]
    for constant, truth in zip(common.constants, (2.5, 1.3), strict=True):
        assert abs(constant.value - truth) < 4 * constant.error
        # Known better together than by either alone.
        assert all(constant.error < place.error for place in constant.places)
    assert common.saved == 2 and common.p_value > 0.01


def test_small_exact_numbers_are_constants_where_they_scale_a_function(tables_of, formula_of):
    tables = tables_of(T[:, None], {"u": 2 * np.cos(3 * T), "v": 2 * np.sin(3 * T)}, ["t"])
    common = common_of(found(tables, {"u": "2*cos(3*t)", "v": "2*sin(3*t)"}, formula_of))
    assert [(one.name, one.value) for one in common.constants] == [("a", 2.0), ("b", 3.0)]
    tables = tables_of(T[:, None], {"u": 2 * T, "v": 2 * T**2 + 1}, ["t"])
    assert not common_of(found(tables, {"u": "2*t", "v": "2*t^2 + 1"}, formula_of))


@pytest.mark.parametrize("noise", [0.0, 0.002])
@pytest.mark.long
def test_magnitude_and_phase_of_an_oscillator_share_its_constants(tables_of, formula_of, noise):
    common = resonance(tables_of, formula_of, noise)
    assert [formula.text for formula in common.formulas] == ["c/sqrt(P**2 + b**2*w**2)", "pi/2 - atan(P/(b*w))"]
    values = {one.name: one.value for one in (*common.constants, *common.own)}
    for name, truth in {"a": 2.3, "b": 0.4, "c": 1.7}.items():
        assert values[name] == pytest.approx(truth, rel=1e-9 if noise == 0 else 0.01)
    (response,) = (one for one in common.relations if one.kind == RelationKind.RESPONSE)
    assert response.text == "A*exp(i*phi) = c/(a**2 - w**2 - i*b*w)"
    assert {one.targets for one in common.constants} == {("A", "phi")}


def test_the_phase_of_another_oscillator_is_not_that_of_the_magnitude(tables_of, formula_of):
    other = np.angle(1 / (2.5**2 - W**2 - 0.4j * W))
    tables = tables_of(W[:, None], {"A": np.abs(RESPONSE), "phi": other}, ["w"], 0.002)
    texts = {"A": "1.7/sqrt(w^4 - 10.42*w^2 + 27.9841)", "phi": "pi/2 - atan(2.5*(6.25 - w^2)/w)"}
    common = common_of(found(tables, texts, formula_of))
    assert all(relation.kind != RelationKind.RESPONSE for relation in common.relations)


def test_values_survive_json(tables_of, formula_of):
    common = resonance(tables_of, formula_of)
    again = from_json(Common, to_json(common))
    assert to_json(again) == to_json(common) and list(common_lines(again)) == list(common_lines(common))


def test_units_of_shared_constants(formula_of):
    from kansym import make_dataset

    units = {"units": {"t": "s"}, "y_units": "m", "names": ["t"]}
    tables = {
        "u": make_dataset(T[:, None], 2.5 * np.cos(1.3 * T), target="u", **units),
        "v": make_dataset(T[:, None], 2.5 * np.sin(1.3 * T), target="v", **units),
    }
    common = common_of(found(tables, {"u": "5*cos(13*t/10)/2", "v": "5*sin(13*t/10)/2"}, formula_of))
    assert [(one.name, one.value, one.unit) for one in common.constants] == [("a", 2.5, "m"), ("b", 1.3, "1/s")]


def test_nothing_in_common_is_nothing(tables_of, formula_of):
    tables = tables_of(T[:, None], {"u": np.cos(1.3 * T), "v": T**2}, ["t"])
    assert common_of(found(tables, {"u": "cos(1.3*t)", "v": "t^2"}, formula_of)) == Common()
    assert list(common_lines(Common())) == []


def test_names_are_neither_columns_nor_targets(tables_of, formula_of):
    tables = tables_of(T[:, None], {"b": 2.5 * np.cos(1.3 * T), "P": 2.5 * np.sin(1.3 * T)}, ["a"])
    common = common_of(found(tables, {"b": "2.5*cos(1.3*a)", "P": "2.5*sin(1.3*a)"}, formula_of))
    assert [one.name for one in (*common.constants, *common.parts)] == ["c", "d", "Q"]
