"""A KAN with names for its nodes and a table beside it: predictions, errors, and the rows that steps are judged on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from kansym.data.preparation import thinned
from kansym.data.scaling import Scaling
from kansym.data.weights import root_mean_square
from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.fit_table import FitTable, inputs_of
from kansym.kan.module import ScaledModule
from kansym.kan.network import Network
from kansym.kan.residuals import Errors

logger = logging.getLogger(__name__)

MARGIN = 1.1
"""Half-widths of a grid up to which a row is on it: rows that were held out lie just beyond those it was laid over."""

SAMPLE = 4096
"""Rows that scores and pictures are taken of."""

RANDOM_ROWS = 1000
"""Rows drawn over the grid where there is no table."""


class TabledModule(ScaledModule):
    """A network in the user's units that knows their table.

    Parameters
    ----------
    network : Network
        Population 1.
    seed : int
    names, targets : sequence of str or None
        Of inputs and outputs, where they are known.
    """

    def __init__(
        self, network: Network, *, seed: int, names: Sequence[str] | None, targets: Sequence[str] | None
    ) -> None:
        super().__init__(network)
        self.seed = seed
        self._names = checked_names("names", names, self.n_inputs)
        self._targets = checked_names("targets", targets, self.n_outputs)
        self._table: FitTable | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return self._names or tuple(f"x{k}" for k in range(self.n_inputs))

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the outputs."""
        if self._targets:
            return self._targets
        return ("y",) if self.n_outputs == 1 else tuple(f"y{k}" for k in range(self.n_outputs))

    def node_name(self, level: int, node: int) -> str:
        """The input at level 0, the output at the last, else ``h1.0`` for node 0 of the first hidden level."""
        if level == 0:
            return self.names[node]
        return self.targets[node] if level == len(self.shape) - 1 else f"h{level}.{node}"

    def _become(self, network: Network, step: str) -> None:
        """Adopt a network, and remember what made it for the history of the editor."""
        self._adopt(network)
        self.__dict__["_step"] = step

    def edge_name(self, layer: int, source: int, target: int) -> str:
        """``x -> h1.0``."""
        return f"{self.node_name(layer, source)} -> {self.node_name(layer + 1, target)}"

    @property
    def grid(self) -> int:
        """Intervals of the finest splines."""
        return max(layer.grid for layer in self.network.layers)

    @property
    def table(self) -> FitTable:
        """The rows of the last `fit`.

        Raises
        ------
        ArgumentError
            If there was none.
        """
        if self._table is None:
            raise ArgumentError("the network has seen no data yet: call fit(X, y) first; steps=0 shows them only")
        return self._table

    @property
    def error(self) -> Errors:
        """Root-mean-square residuals on training and on held-out rows, as in `history`."""
        return self._errors(self.network)

    def _scaling(self, output: int = 0) -> Scaling:
        """Of the inputs and of one output."""
        center, half = (one.double().cpu().numpy() for one in (self.x_center, self.x_half_width))
        return Scaling(center, half, 0.0, float(self.y_scale[output]))

    def _rows(self, index: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Scaled inputs, targets and weights of some rows of the table."""
        y_scale = self.y_scale.double().cpu().numpy()
        x, y, weights = self.table.rows(index, self._scaling(), y_scale, self.x_center)
        return x, y, weights

    def _errors(self, network: Network) -> Errors:
        """Errors of a network in the scaling of this one."""
        scale = float(self.y_scale[0]) if self.n_outputs == 1 else 1.0

        def error(index: np.ndarray) -> float:
            x, y, weights = self._rows(index)
            with torch.no_grad(), np.errstate(all="ignore"):
                residual = (network(x)[0] - y).double().cpu().numpy()
            repeated = np.repeat(weights.double().cpu().numpy(), self.n_outputs)
            found = root_mean_square(residual.ravel(), repeated) * scale
            return found if np.isfinite(found) else float("inf")

        train = error(self.table.train)
        return Errors(train, error(self.table.validation) if len(self.table.validation) else train)

    def _warn_beyond(self, X: np.ndarray) -> None:
        """Say where rows lie beyond the grid."""
        beyond = self.beyond(X)
        if beyond.any():
            logger.warning(
                "%d of %d rows lie beyond the grid of %s, where splines are straight lines; update_grid(X) moves it",
                int(beyond.any(1).sum()),
                len(X),
                ", ".join(name for name, column in zip(self.names, beyond.T, strict=True) if column.any()),
            )

    def predict(self, X: Any) -> np.ndarray:
        """Outputs for rows in your units: shape (n,), or (n, n_outputs) where there are several.

        Rows beyond the data are remarked upon in the log: splines continue there as straight lines.

        Raises
        ------
        DataError
            If X has another shape than (n, n_inputs), or holds values that are no finite numbers.
        """
        rows = inputs_of(X, self.n_inputs, self.names, known=self._names is not None)
        self._warn_beyond(rows)
        with torch.no_grad():
            outputs = self(torch.from_numpy(rows).to(self.device)).cpu().numpy()
        return outputs[:, 0] if self.n_outputs == 1 else outputs

    def beyond(self, X: Any) -> np.ndarray:
        """Which values lie beyond the grid of a spline that reads them, shape (n, n_inputs) of bool."""
        rows = inputs_of(X, self.n_inputs, self.names, known=self._names is not None)
        first = self.network.layers[0]
        center, half = (one[0].double().cpu().numpy() for one in (first.center, first.half_width))
        splines = first.spline_edges[0].any(1).cpu().numpy()
        u = (self._scaling().scale_inputs(rows) - center) / half
        return (np.abs(u) > MARGIN) & splines

    def _sample(self, X: Any, most: int = SAMPLE) -> Tensor:
        """Scaled rows: those given, those of the table, or random ones over the grid."""
        if X is not None:
            rows = inputs_of(X, self.n_inputs, self.names, known=self._names is not None)
        elif self._table is not None:
            rows = self._table.X
        else:
            first = self.network.layers[0]
            generator = torch.Generator().manual_seed(self.seed)
            u = (
                2 * torch.rand(RANDOM_ROWS, self.n_inputs, generator=generator, dtype=torch.float64).to(first.center)
                - 1
            )
            return first.center[0] + first.half_width[0] * u
        chosen = rows[thinned(np.arange(len(rows)), most)]
        return torch.from_numpy(self._scaling().scale_inputs(chosen)).to(self.device, self.dtype)


def checked_names(argument: str, names: Sequence[str] | None, count: int) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, str) or len(names) != count or len(set(names)) != count or not all(names):
        raise ArgumentError(f"{argument} must be {count} different names, got {names!r}")
    return tuple(str(name) for name in names)
