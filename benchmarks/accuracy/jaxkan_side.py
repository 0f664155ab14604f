"""jaxkan: Adam at its tutorial's rate of 0.06 while the grid is extended from 3 to 6, 10 and 24 intervals.

The tutorial on grid extension fits the same four sines. Beside its base layer of splines there is one of Chebyshev
polynomials, whose degree is extended. In its favour, the rate falls within each stage, many steps are one call, the
clock stands while a stage is set up and compiled, and numbers are double.
"""

from typing import Any

import jax  # type: ignore[import-not-found]  # only with the extra "bench"
import jax.numpy as jnp  # type: ignore[import-not-found]
import optax  # type: ignore[import-not-found]
from flax import nnx  # type: ignore[import-not-found]
from jaxkan.models.KAN import KAN  # type: ignore[import-not-found]

from benchmarks.accuracy.targets import Array
from benchmarks.accuracy.trace import Job, Trace

jax.config.update("jax_enable_x64", True)

VARIANTS = ("splines", "Chebyshev")

STAGES = {"splines": (3, 6, 10, 24), "Chebyshev": (4, 6, 10, 16)}
"""Intervals, or degrees."""

ENDS = (2 / 7, 4 / 7, 6 / 7, 1.0)
"""Shares of the time at which the tutorial's stages end."""

RATE, LAST_RATE, STEPS = 0.06, 1e-4, 20


def train(job: Job, trace: Trace) -> None:
    rows, begin = trace.rows, 0.0
    with trace.stopped():
        x, y = jnp.asarray(rows.x), jnp.asarray(rows.y)
        if job.variant == "splines":
            layer, options = "base", {"k": 3, "G": 3, "grid_e": 0.02}
        else:
            layer, options = "chebyshev", {"D": 4, "flavor": "exact"}
        model: Any = KAN(layer_dims=list(job.shape), layer_type=layer, required_parameters=options, seed=job.seed)
    for size, share in zip(STAGES[job.variant], ENDS, strict=True):
        end = share * trace.seconds
        with trace.stopped():
            _extend(model, x, size)
            stage = _Stage(model, x, y)
        while trace.elapsed < end:
            stage.advance(RATE * (LAST_RATE / RATE) ** ((trace.elapsed - begin) / (end - begin)))
            trace.judge(stage.predict)
        nnx.update(model, stage.parameters)
        begin = end


def _extend(model: Any, x: Any, size: int) -> None:
    """The model's own `update_grids`, compiled as a whole: operation by operation it takes jax many times as long."""
    graph, parameters, rest = nnx.split(model, nnx.Param, ...)

    def extended(parameters: Any, x: Any) -> Any:
        copy = nnx.merge(graph, parameters, rest)
        copy.update_grids(x, size)
        grids = [layer.grid.item for layer in copy.layers if hasattr(layer, "grid")]
        return nnx.split(copy, nnx.Param, ...)[1], grids

    parameters, grids = jax.jit(extended)(parameters, x)
    for layer, grid in zip(model.layers, grids, strict=False):
        layer.grid.item = grid
    for layer in model.layers:
        if hasattr(layer, "D"):
            layer.D = size
    nnx.update(model, parameters)


class _Stage:
    """A model on one grid, whose steps are compiled."""

    def __init__(self, model: Any, x: Any, y: Any) -> None:
        graph, parameters, rest = nnx.split(model, nnx.Param, ...)
        adam = optax.scale_by_adam()

        def output(parameters: Any, x: Any) -> Any:
            return nnx.merge(graph, parameters, rest)(x)

        def loss(parameters: Any) -> Any:
            return jnp.mean((output(parameters, x) - y) ** 2)

        def steps(parameters: Any, state: Any, rate: Any) -> Any:
            def one(_: int, both: Any) -> Any:
                parameters, state = both
                updates, state = adam.update(jax.grad(loss)(parameters), state)
                return jax.tree.map(lambda p, u: p - rate * u, parameters, updates), state

            return jax.lax.fori_loop(0, STEPS, one, (parameters, state))

        self.parameters = jax.tree.map(lambda one: one.astype(jnp.float64), parameters)
        self.state = adam.init(self.parameters)
        self._steps = jax.jit(steps).lower(self.parameters, self.state, 0.0).compile()
        self._output = jax.jit(output)

    def advance(self, rate: float) -> None:
        """Some steps, waited for."""
        self.parameters, self.state = jax.block_until_ready(self._steps(self.parameters, self.state, rate))

    def predict(self, x: Array) -> Any:
        return self._output(self.parameters, jnp.asarray(x))
