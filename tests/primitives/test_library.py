"""The table: contents, order, and the errors of a look-up."""

import math

import pytest
import torch

from kansym.errors import ArgumentError
from kansym.primitives import Domain, Primitive, PrimitiveLibrary, default_library


def test_contents():
    library = default_library()
    assert len(library) >= 42
    for name in ("x", "x^2", "x^-1", "x^-4", "sqrt", "cbrt", "x^1.5", "1/sqrt", "x^p", "exp", "log", "sin", "sinc"):
        assert library.get(name).name == name
    assert library["x"].complexity == 1
    assert all(isinstance(primitive, Primitive) and primitive.complexity >= 1 for primitive in library.values())


def test_order_is_by_complexity():
    costs = [primitive.complexity for primitive in default_library().values()]
    assert costs == sorted(costs)


def test_names_of_a_misspelt_look_up():
    with pytest.raises(ArgumentError, match="lorentzian"):
        default_library().get("lorenzian")
    with pytest.raises(ArgumentError, match=r"^there is no primitive .*; `kansym primitives` and .* list them all"):
        default_library().only("lorenzian")
    with pytest.raises(ArgumentError, match=r"known names: x, exp$"):
        default_library().only("x", "exp").get("4711")
    with pytest.raises(KeyError):
        default_library()["lorenzian"]
    assert "lorenzian" not in default_library()


def test_subsets_leave_the_original_alone():
    library = default_library()
    count = len(library)
    assert list(library.only("exp", "x")) == ["x", "exp"]
    assert "exp" not in library.without("exp", "log")
    assert len(library.without("exp", "log")) == count - 2
    assert len(library) == count
    for bad in (lambda: library.only(), lambda: library.only("no"), lambda: library.without("no")):
        with pytest.raises(ArgumentError):
            bad()


def test_of_equivalent_primitives_one_is_matched():
    library = default_library().only("sin", "cos", "x")
    assert library["cos"].equivalent_to == "sin"
    assert {one.name for one in library.distinct()} == {"sin", "x"}
    assert {one.name for one in library.without("sin").distinct()} == {"cos", "x"}


def test_names_are_unique():
    library = default_library()
    with pytest.raises(ArgumentError, match="'sin'"):
        library.with_primitive(library["sin"])
    with pytest.raises(ArgumentError):
        PrimitiveLibrary([library["x"], library["x"]])


def test_equivalents_really_are_affine_images():
    library = default_library()
    # f = c g(s z + t) + d for (g, s, t, c, d)
    maps = {
        "cos": ("sin", 1, math.pi / 2, 1, 0),
        "sin^2": ("sin", 2, -math.pi / 2, 0.5, 0.5),
        "acos": ("asin", 1, 0, -1, math.pi / 2),
        "logistic": ("tanh", 0.5, 0, 0.5, 0.5),
        "fermi": ("tanh", 0.5, 0, -0.5, 0.5),
    }
    z = torch.linspace(-0.95, 0.95, 31, dtype=torch.float64)
    assert {p.name: p.equivalent_to for p in library.values() if p.equivalent_to} == {n: m[0] for n, m in maps.items()}
    for name, (canonical, s, t, c, d) in maps.items():
        image = c * library[canonical].function(s * z + t, z) + d
        torch.testing.assert_close(library[name].function(z, z), image, rtol=1e-13, atol=1e-14)


def test_an_interval_is_covered_only_without_a_pole():
    def covers(domain, low, high):
        return bool(domain.covers(*torch.tensor([low, high], dtype=torch.float64)))

    tan = default_library()["tan"].domain
    assert covers(tan, -1.5, 1.5) and covers(tan, 1.6, 4.6)
    assert not covers(tan, 1.5, 1.6) and not covers(tan, -10.0, 10.0)
    hole = Domain(poles=(0.0,))
    assert covers(hole, 1e-9, 1.0) and not covers(hole, 0.0, 1.0) and not covers(hole, -1.0, 1.0)
    closed, opened = Domain(lower=0.0), Domain(lower=0.0, lower_closed=False)
    assert covers(closed, 0.0, 1.0) and not covers(opened, 0.0, 1.0) and covers(opened, 1e-300, 1.0)
