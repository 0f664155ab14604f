"""Recovery of planted curves, for every primitive."""

import math

import pytest
import sympy
import torch

from kansym.extraction.matching import match_edges
from kansym.primitives import default_library, primitive_from_expression

LIBRARY = default_library()
CANONICAL = [primitive for primitive in LIBRARY.values() if primitive.equivalent_to is None]
EXACT = 1e-20


@pytest.mark.parametrize("primitive", CANONICAL, ids=[primitive.name for primitive in CANONICAL])
def test_the_planted_primitive_comes_first(primitive, planted):
    curves = planted(primitive)
    assert bool(torch.isfinite(curves.y).all())
    for edge, matches in enumerate(match_edges(curves.x, curves.y, LIBRARY)):
        own = [match for match in matches if match.primitive is primitive]
        assert own and own[0].loss < EXACT
        assert matches[0] is own[0] or matches[0].loss < 1e-15
        torch.testing.assert_close(
            own[0].evaluate(curves.x[edge]), curves.y[edge], rtol=1e-8, atol=1e-9 * float(curves.y[edge].std())
        )
        _check_constants(own[0], curves, edge)


def _check_constants(match, curves, edge):
    """The planted constants, up to the gauge that `Match` documents."""
    a, b = float(curves.a[edge]), float(curves.b[edge])
    redundant, primitive = match.primitive.redundant, match.primitive
    if "a" in redundant:
        assert abs(match.a) == 1.0
        b = b / abs(a) * (math.copysign(1, a) if primitive.parity != "none" else 1)
        if primitive.name in ("x", "sign"):  # held at 0; any b in the gap between two points
            return
        half = float(curves.x[edge].max() - curves.x[edge].min()) / 2
        assert match.b == pytest.approx(b, abs=1e-5 * half)
    elif "b" in redundant:
        assert match.b == 0.0
        assert match.a == pytest.approx(a, rel=1e-6)
    elif primitive.name != "bose":  # whose reflection c and d absorb
        if primitive.parity != "none" and a < 0:
            a, b = -a, -b
        if primitive.period is not None:
            turn = math.pi
            b = b - turn * math.ceil(b / turn - 0.5)
        assert match.a == pytest.approx(a, rel=1e-6)
        assert match.b == pytest.approx(b, abs=1e-5)
    if primitive.has_shape:
        assert match.p == pytest.approx(float(curves.p[edge]), rel=1e-6)


def test_a_primitive_of_the_users_own_is_found(planted):
    z = sympy.Symbol("z")
    langevin = primitive_from_expression("langevin", sympy.coth(z) - 1 / z)
    curves = planted(langevin, edges=4)
    for matches in match_edges(curves.x, curves.y, LIBRARY.with_primitive(langevin)):
        assert matches[0].primitive is langevin and matches[0].loss < EXACT


def test_duplicates_are_matched_only_without_their_canonical_form():
    x = torch.linspace(-2, 2, 100, dtype=torch.float64)[None]
    y = torch.cos(3 * x)
    names = {match.primitive.name for match in match_edges(x, y, LIBRARY, top_k=99)[0]}
    assert "sin" in names and not names & {"cos", "sin^2", "acos", "logistic", "fermi"}
    assert match_edges(x, y, LIBRARY.only("cos", "x"))[0][0].primitive.name == "cos"


def test_matches_are_sorted_and_at_most_top_k():
    x = torch.linspace(0.5, 4, 100, dtype=torch.float64).expand(3, -1)
    y = torch.stack([x[0] ** 2.3, torch.exp(-x[1]) + 0.1 * x[1], torch.tanh(x[2] - 2)])
    for top_k in (1, 4, 99):
        for matches in match_edges(x, y, LIBRARY, top_k=top_k):
            assert 0 < len(matches) <= top_k
            losses = [max(match.loss, 1e-26) for match in matches]
            assert losses == sorted(losses) and all(loss <= 1 + 1e-9 for loss in losses)


def test_the_loss_is_one_minus_r_squared():
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(1, 300, generator=generator, dtype=torch.float64)
    y = torch.exp(-2 * x) + 0.05 * torch.randn(1, 300, generator=generator, dtype=torch.float64)
    for match in match_edges(x, y, LIBRARY)[0]:
        residual = y - match.evaluate(x)
        expected = float((residual**2).sum() / ((y - y.mean()) ** 2).sum())
        assert match.loss == pytest.approx(expected, rel=1e-9)


def test_sympy_form_is_the_matched_curve():
    x = torch.linspace(0.5, 4, 60, dtype=torch.float64)[None]
    t = sympy.Symbol("t", real=True)
    for name, y in (("x^p", 2 * x**2.3 - 1), ("gaussian", torch.exp(-((x - 1) ** 2))), ("log", torch.log(x + 1))):
        match = match_edges(x, y, LIBRARY)[0][0]
        assert match.primitive.name == name
        value = float(match.sympy(t).subs(t, sympy.Float(1.5, 30)))
        assert value == pytest.approx(float(match.evaluate(torch.tensor([1.5]).double())[0]), rel=1e-12)


@pytest.mark.cuda
def test_cuda_finds_the_same(planted):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    curves = planted(LIBRARY["gaussian"])
    for matches in match_edges(curves.x.cuda(), curves.y.cuda(), LIBRARY):
        assert matches[0].primitive.name == "gaussian" and matches[0].loss < EXACT
