"""How many numbers the search rooms hold: each is something that somebody once tuned, and none comes for free."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

KANSYM = Path(__file__).parents[1] / "kansym"

ROOMS = ("dynamics", "extraction", "groups", "kan", "search", "structure", "terms")

WITHOUT_TARGET = ("conserved", "forms", "implicit")
"""Rooms that search without a target, or weigh what was found."""

MOST_NAMED, MOST_LOOSE = 1717, 761
MOST_NAMED_THERE, MOST_LOOSE_THERE = 195, 103
"""Ceilings that only fall: lower them with every deletion."""

MEASURED = ("search/agenda/yields.py",)
"""Tables that a benchmark writes; how large they may be is tested beside them."""

PLAIN = (0.0, 0.5, 1.0, 2.0)
"""Numbers with a point that are arithmetic and no choice."""

LEAST_COUNT = 5
"""Whole numbers below are arithmetic too."""


def numbers_of(node: ast.AST) -> Iterator[ast.Constant]:
    """Numeric literals anywhere in a node."""
    return (one for one in ast.walk(node) if isinstance(one, ast.Constant) and type(one.value) in (int, float))


def is_named(node: ast.stmt) -> bool:
    """Whether a statement binds upper-case names only."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    return bool(names) and all(name.lstrip("_").isupper() for name in names)


def is_loose(number: ast.Constant) -> bool:
    value = number.value
    return value not in PLAIN if isinstance(value, float) else isinstance(value, int) and value >= LEAST_COUNT


def counted(source: str) -> tuple[int, int]:
    """Numbers in upper-case constants of a module, and choices anywhere else."""
    tree = ast.parse(source)
    named = [one for node in tree.body if is_named(node) for one in numbers_of(node)]  # type: ignore[union-attr]
    elsewhere = {id(one) for one in numbers_of(tree)} - {id(one) for one in named}
    loose = [one for one in numbers_of(tree) if id(one) in elsewhere and is_loose(one)]
    return len(named), len(loose)


def test_counting():
    assert counted("LIMITS = {'a': 3, 'b': (0.5, 1e-3)}\n_MOST: int = 7\nlower = 0.25\n") == (4, 1)
    assert counted("def f(x):\n    return 0.5 * x + 3 if x > 1e-9 else 12\n") == (0, 2)


@pytest.mark.parametrize(
    ("rooms", "kind", "most"),
    [
        (ROOMS, 0, MOST_NAMED),
        (ROOMS, 1, MOST_LOOSE),
        (WITHOUT_TARGET, 0, MOST_NAMED_THERE),
        (WITHOUT_TARGET, 1, MOST_LOOSE_THERE),
    ],
    ids=["named", "loose", "named without a target", "loose without a target"],
)
def test_no_number_is_added(rooms, kind, most):
    files = [path for room in rooms for path in (KANSYM / room).rglob("*.py")]
    files = [path for path in files if path.relative_to(KANSYM).as_posix() not in MEASURED]
    found = sum(counted(path.read_text(encoding="utf-8"))[kind] for path in files)
    assert found <= most, "a search room has more tuned numbers than before: which engine or table should have them?"
