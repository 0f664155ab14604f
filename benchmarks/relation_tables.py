"""Tables for `benchmarks.relations`: forty with a relation among their columns, and forty without one.

Every table is drawn from a seed; noise is put on all columns afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Draw = Callable[[np.random.Generator, int], dict[str, np.ndarray]]
"""From a generator and a number of rows to exact columns."""


@dataclass(frozen=True)
class Case:
    """A table.

    Attributes
    ----------
    name : str
    draw : callable
    size : int
        Terms of the relation, its constant among them; 0 where there is none.
    number : int
        Independent relations.
    rows : int
    """

    name: str
    draw: Draw
    size: int = 0
    number: int = 1
    rows: int = 150

    def columns(self, seed: int, rows: int | None = None) -> dict[str, np.ndarray]:
        """Exact columns."""
        place = sum(ord(letter) * (k + 1) for k, letter in enumerate(self.name))
        return self.draw(np.random.default_rng([seed, place]), rows or self.rows)


def noisy(
    columns: dict[str, np.ndarray], level: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, d) and their errors: a part of each value, or where a column changes its sign of its spread."""
    X = np.column_stack(list(columns.values()))
    errors = level * np.where((X > 0).all(axis=0) | (X < 0).all(axis=0), np.abs(X), X.std(axis=0))
    return X + errors * generator.standard_normal(X.shape), errors


def _ellipse(a: float, b: float, turn: float, x0: float, y0: float) -> Draw:
    def draw(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
        phase = g.uniform(0, 2 * np.pi, n)
        x, y = a * np.cos(phase), b * np.sin(phase)
        c, s = np.cos(turn), np.sin(turn)
        return {"x": c * x - s * y + x0, "y": s * x + c * y + y0}

    return draw


def _of(*ranges: tuple[str, float, float], **formulas: Callable[..., np.ndarray]) -> Draw:
    """Columns drawn evenly from ranges, and those that follow from them; names that begin with _ are left out."""

    def draw(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
        known = {name: g.uniform(low, high, n) for name, low, high in ranges}
        for name, formula in formulas.items():
            known[name] = formula(known)
        return {name: known[name] for name in sorted(known) if not name.startswith("_")}

    return draw


def _radius(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    u, v = g.uniform(0, 2 * np.pi, (2, n))
    return {"r": 3 + np.cos(v), "x": (3 + np.cos(v)) * np.cos(u), "y": (3 + np.cos(v)) * np.sin(u)}


def _pendulum(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    theta = g.uniform(-1.9, 1.9, n)
    return {"theta": theta, "omega": np.sqrt(2 * 9.81 * (np.cos(theta) - np.cos(2.0))) * g.choice([-1.0, 1.0], n)}


def _sphere(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    rows = g.standard_normal((n, 3))
    x, y, z = (2.2 * rows / np.linalg.norm(rows, axis=1, keepdims=True)).T
    return {"x": x, "y": y, "z": z}


def _hyperbola(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    u = g.uniform(-1.5, 1.5, n)
    return {"x": 3 - 2 * np.cosh(u), "y": 1.5 * np.sinh(u)}


def _balmer(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    low = g.integers(1, 5, n)
    high = low + g.integers(1, 6, n)
    return {"k": 109677.6 * (1 / low**2 - 1 / high**2), "m": high.astype(float), "n": low.astype(float)}


RELATIONS = (
    Case("ideal gas", _of(("V", 0.01, 0.05), ("n", 1, 3), ("T", 250, 400),
                          p=lambda k: 8.314 * k["n"] * k["T"] / k["V"]), 2),
    Case("van der Waals", _of(("V", 1, 3), ("T", 1, 1.5),
                              p=lambda k: 8 * k["T"] / (3 * k["V"] - 1) - 3 / k["V"]**2), 5),
    Case("Antoine", _of(("T", 5, 250), P=lambda k: np.exp(16.3 - 3816 / (k["T"] + 227))), 4),
    Case("orbit of a planet", _ellipse(1.5, 1.3, 0.6, 0.7, 0.4), 6),
    Case("orbit along an axis", _ellipse(3.0, 2.0, 0.0, 1.5, 0.0), 4),
    Case("lens", _of(("a", 10, 50), ("b", 10, 60), f=lambda k: 1 / (1 / k["a"] + 1 / k["b"])), 3),
    Case("water waves", _of(("k", 0.1, 3), ("h", 0.2, 2),
                            w=lambda k: np.sqrt(9.81 * k["k"] * np.tanh(k["k"] * k["h"]))), 2),
    Case("capillary waves", _of(("k", 50, 900), w=lambda k: np.sqrt(9.81 * k["k"] + 7.3e-5 * k["k"]**3)), 3),
    Case("energy and momentum", _of(("p", 0.1, 3), E=lambda k: np.sqrt(1.5**2 * k["p"]**2 + 2.25)), 3),
    Case("energy, momentum, mass", _of(("p", 0.3, 3), ("m", 0.5, 2), E=lambda k: np.sqrt(k["p"]**2 + k["m"]**2)), 3),
    Case("RLC resonance", _of(("f", 50, 500), Z=lambda k: np.sqrt(2500 + (0.5 * k["f"] - 4e4 / k["f"])**2)), 4),
    Case("Snell", _of(("t1", 0.1, 1.4), t2=lambda k: np.arcsin(np.sin(k["t1"]) / 1.5)), 2),
    Case("Snell with an index", _of(("t1", 0.1, 1.4), ("n", 1.2, 2.2),
                                    t2=lambda k: np.arcsin(np.sin(k["t1"]) / k["n"])), 2),
    Case("Kepler", _of(("a", 0.3, 30), T=lambda k: 365.25 * k["a"]**1.5), 2),
    Case("Bragg", _of(("t", 0.1, 1.2), ("d", 1, 5), w=lambda k: 2 * k["d"] * np.sin(k["t"])), 2),
    Case("Malus", _of(("t", 0.1, 1.3), ("I0", 1, 5), I=lambda k: k["I0"] * np.cos(k["t"])**2), 3),
    Case("Compton", _of(("E0", 0.2, 1.5), ("t", 0.3, 3),
                        E1=lambda k: k["E0"] / (1 + k["E0"] / 0.511 * (1 - np.cos(k["t"])))), 4),
    Case("resistors", _of(("R1", 10, 100), ("R2", 10, 100), ("R3", 10, 100),
                          R=lambda k: 1 / (1 / k["R1"] + 1 / k["R2"] + 1 / k["R3"])), 4),
    Case("Sellmeier", _of(("w", 0.27, 1.2), n=lambda k: np.sqrt(1 + 1.04 * k["w"]**2 / (k["w"]**2 - 0.06))), 4),
    Case("Balmer", _balmer, 3),
    Case("Curie-Weiss", _of(("T", 350, 600), X=lambda k: 1.3 / (k["T"] - 300)), 3),
    Case("Arrhenius", _of(("T", 280, 400), k=lambda k: 1e9 * np.exp(-6000 / k["T"])), 3),
    Case("velocities", _of(("u", 0.1, 0.9), ("v", 0.1, 0.9), w=lambda k: (k["u"] + k["v"]) / (1 + k["u"] * k["v"])), 4),
    Case("Doppler", _of(("b", 0.05, 0.8), ("f0", 1, 3), f=lambda k: k["f0"] * np.sqrt((1 - k["b"]) / (1 + k["b"]))), 4),
    Case("plasma waves", _of(("k", 0.1, 4), w=lambda k: np.sqrt(2.3 + 1.7 * k["k"]**2)), 3),
    Case("pendulum at one energy", _pendulum, 3),
    Case("cosines", _of(("a", 1, 4), ("b", 1, 4), ("C", 0.3, 2.8),
                        c=lambda k: np.sqrt(k["a"]**2 + k["b"]**2 - 2 * k["a"] * k["b"] * np.cos(k["C"]))), 4),
    Case("sphere", _sphere, 4),
    Case("hyperbola of a comet", _hyperbola, 4),
    Case("polar radius", _radius, 3),
    Case("catenary", _of(("x", -2, 2), y=lambda k: 1.3 * np.cosh(k["x"] / 1.3)), 2),
    Case("diode", _of(("V", 0.05, 0.5), I=lambda k: 0.01 * (np.exp(k["V"] / 0.12) - 1)), 3),
    Case("Michaelis-Menten", _of(("S", 0.1, 10), v=lambda k: 3.2 * k["S"] / (1.7 + k["S"])), 3),
    Case("Bernoulli", _of(("p", 2, 6), ("v", 0.5, 3), h=lambda k: (20 - k["p"] - 0.5 * k["v"]**2) / 9.81), 4),
    Case("polar orbit", _of(("t", 0.1, 6.1), r=lambda k: 1.4 / (1 + 0.6 * np.cos(k["t"]))), 3),
    Case("Stokes fall", _of(("r", 1, 5), ("d", 1, 4), ("e", 1, 6), v=lambda k: 2.18 * k["r"]**2 * k["d"] / k["e"]), 2),
    Case("Clausius-Mossotti", _of(("N", 0.5, 6), e=lambda k: (1 + 2 * 0.11 * k["N"]) / (1 - 0.11 * k["N"])), 4),
    Case("damped light", _of(("x", 0.1, 5), ("I0", 1, 4), I=lambda k: k["I0"] * np.exp(-0.6 * k["x"])), 3),
    Case("two laws of a gas", _of(("V", 0.5, 2), ("T", 1, 3),
                                  p=lambda k: 2.5 * k["T"] / k["V"], U=lambda k: 3.75 * k["T"]), 2, 2),
    Case("fall of two bodies", _of(("t", 0.3, 3), s=lambda k: 4.905 * k["t"]**2, v=lambda k: 9.81 * k["t"]), 2, 2),
)  # fmt: skip
"""Issue 60's examples and others of textbooks."""


def _independent(d: int, kind: str) -> Draw:
    def draw(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
        made = {
            "even": lambda: g.uniform(1, 4, n),
            "normal": lambda: g.normal(0, 1, n),
            "wide": lambda: np.exp(g.normal(0, 1.2, n)),
            "narrow": lambda: g.uniform(9, 11, n),
        }
        kinds = list(made) if kind == "mixed" else [kind]
        return {f"x{j}": made[kinds[j % len(kinds)]]() for j in range(d)}

    return draw


def _correlated(d: int, correlation: float, positive: bool) -> Draw:
    def draw(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
        shared = g.standard_normal((n, 1)) * np.sqrt(correlation)
        rows = shared + g.standard_normal((n, d)) * np.sqrt(1 - correlation)
        rows = np.exp(0.5 * rows) if positive else rows
        return {f"x{j}": rows[:, j] for j in range(d)}

    return draw


def _scattered(scatter: float) -> Draw:
    def draw(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
        a, b = g.uniform(1, 3, (2, n))
        return {"a": a, "b": b, "y": a * b * np.exp(scatter * g.standard_normal(n))}

    return draw


def _clusters(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    centres = g.uniform(1, 6, (4, 3))
    rows = centres[g.integers(0, 4, n)] + 0.5 * g.standard_normal((n, 3))
    return {"x": rows[:, 0], "y": rows[:, 1], "z": rows[:, 2]}


def _ring(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    phase, radius = g.uniform(0, 2 * np.pi, n), g.uniform(1.0, 2.5, n)
    return {"x": radius * np.cos(phase), "y": radius * np.sin(phase)}


def _ordered(g: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    rows = np.sort(g.uniform(1, 5, (n, 3)), axis=1)
    return {"low": rows[:, 0], "middle": rows[:, 1], "high": rows[:, 2]}


WITHOUT = (
    *(Case(f"independent {kind} {d}", _independent(d, kind), number=0, rows=rows)
      for kind in ("even", "normal", "wide", "mixed") for d, rows in ((2, 100), (3, 150), (4, 150))),
    *(Case(f"few rows {kind} {d}", _independent(d, kind), number=0, rows=rows)
      for kind in ("even", "wide") for d, rows in ((2, 12), (3, 15), (4, 20))),
    *(Case(f"narrow {d}", _independent(d, "narrow"), number=0, rows=100) for d in (2, 4)),
    *(Case(f"correlated {c} {d}{' positive' * positive}", _correlated(d, c, positive), number=0, rows=150)
      for c in (0.4, 0.7, 0.85) for d in (2, 3) for positive in (False, True)),
    *(Case(f"scattered {s}", _scattered(s), number=0, rows=150) for s in (0.3, 0.5, 0.8)),
    *(Case(f"clusters {k}", _clusters, number=0, rows=150) for k in range(2)),
    *(Case(f"ring {k}", _ring, number=0, rows=150) for k in range(1)),
    *(Case(f"ordered {k}", _ordered, number=0, rows=150) for k in range(2)),
)  # fmt: skip
"""Tables that nothing holds together, or not closely."""
