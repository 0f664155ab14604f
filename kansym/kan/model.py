"""`KAN`: a network of one as a torch module, and the steps that people take with it by hand."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import pandas as pd

from kansym import clock
from kansym.deferred import Tensor, torch
from kansym.device import choose_device
from kansym.errors import ArgumentError, StorageError
from kansym.interrupting import two_presses
from kansym.kan.fit_progress import Metric, Progress, named_metrics, number_of_starts, training_options
from kansym.kan.fit_table import FitTable
from kansym.kan.fitting import Problem, fit_network
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network, Width, format_shape
from kansym.kan.persistence import load_network, save_network
from kansym.kan.refining import checked_grids, fit_refining
from kansym.kan.spline import DEGREE
from kansym.kan.starts import Dealt, drawn_starts
from kansym.kan.steps import NetworkSteps
from kansym.kan.stored_primitives import describe, find_all
from kansym.kan.tabled import checked_names
from kansym.kan.training_options import Loss, OptimizerFactory
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive
from kansym.surfaces import surface
from kansym.threads import threads_for

logger = logging.getLogger(__name__)

RECORD = "kan"
"""Key of what a file of `KAN.save` has besides the network."""


class KAN(NetworkSteps):
    """A Kolmogorov-Arnold network: every edge a curve of one variable, every node a sum or a product.

    It is a torch module: ``net(x)`` is differentiable in x and in ``net.parameters()``, and can be part of a larger
    model or of a loss of your own. `fit` trains it on a table. Inputs and outputs are in your units throughout.

    Parameters
    ----------
    shape : sequence of int or (int, int)
        Nodes per level, inputs first: ``[2, 5, 1]``. ``[2, (5, 3), 1]`` has five hidden nodes that add and three that
        multiply all that comes in.
    grid : int or sequence of int, default 5
        Intervals of every spline, or of those of each layer. Start at 3 to 5, and `refine` a network that has found its
        form.
    order, base, train_offsets, arity, fan_in, nearest : optional
        Degree of the splines (3), a base function beside them ("none"), a constant of each node that is trained, edges
        into product nodes and into hidden sum nodes, as in `kansym.kan.Network.create`. Where these are drawn at random
        (`arity`, `fan_in` without `nearest`), every start of the first fit has its own.
    seed : int, default 0
        Of the initial weights, of the rows held out and of all else that is drawn: the same seed gives the same
        network.
    dtype : torch.dtype, default torch.float64
        Single precision is for large networks on a card; formulas need double.
    device : str or torch.device, default "cpu"
    input_range : (float, float) or sequence of such, one for each input, default (-1, 1)
        Where the splines' grids lie at first; beyond them splines continue as straight lines. The first `fit` lays them
        over the data by itself, so this is for training loops of your own.
    names, targets : sequence of str, optional
        Of inputs and outputs. Default: those of the table that is fitted.

    Raises
    ------
    ArgumentError
        If an argument has a value that cannot be used.

    References
    ----------
    Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", arXiv:2404.19756; "KAN 2.0", arXiv:2408.10205 (product nodes).

    Examples
    --------
    >>> import numpy as np
    >>> from kansym import KAN
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> net = KAN([2, 1, 1], seed=0).fit(X, np.exp(X[:, 0] + X[:, 1] ** 2))
    >>> net.predict([[0.0, 0.0]]).round(3)
    array([1.])
    """

    def __init__(
        self,
        shape: Sequence[Width],
        *,
        grid: int | Sequence[int] = 5,
        order: int = DEGREE,
        base: str = "none",
        train_offsets: bool = False,
        arity: int | None = None,
        fan_in: int | None = None,
        nearest: bool = False,
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
        input_range: Sequence[Any] = (-1.0, 1.0),
        names: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ArgumentError(f"seed must be a whole number of at least 0, got {seed!r}")
        if dtype not in (torch.float32, torch.float64):
            raise ArgumentError(f"dtype must be torch.float32 or torch.float64, got {dtype!r}")
        generator = torch.Generator().manual_seed(seed)
        device = choose_device(str(device), 0.0)
        network = Network.create(
            shape,
            grid=grid,
            order=order,
            base=base,
            train_offsets=train_offsets,
            arity=arity,
            fan_in=fan_in,
            nearest=nearest,
            generator=generator,
            device=device,
            dtype=dtype,
        )
        _lay_over(network, input_range)
        super().__init__(network, seed=seed, names=names, targets=targets)
        self._fresh: list[Tensor] | None = [layer.coefficients for layer in self.network.layers]
        self._dealt = Dealt({"arity": arity, "fan_in": fan_in, "nearest": nearest}, network)
        self._records: list[dict[str, float]] = []

    @classmethod
    def of(
        cls,
        network: Network,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        names: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
    ) -> Self:
        """A network that is there already, as `kansym.import_pykan` and `kansym.kan_from_expression` give it.

        It stays what it is. ``fit(X, y, steps=0)`` shows it data, which `prune`, `auto` and `symbolify` want.

        Parameters
        ----------
        network : Network
            Population 1, for inputs and outputs in your units.
        seed, device, names, targets : optional
            As of a fresh network.

        Raises
        ------
        ArgumentError
            If it is no single network.
        """
        if not isinstance(network, Network) or network.population != 1:
            raise ArgumentError(f"network must be a Network of population 1, got {network!r}")
        net = cls(network.shape, seed=seed, dtype=network.dtype, device=device, names=names, targets=targets)
        net._adopt(network)
        net._fresh = None
        return net

    # -- training ----------------------------------------------------------------------------------------------------

    @property
    def history(self) -> pd.DataFrame:
        """One row for each step of every fit: of the best network so far, its errors and metrics.

        ``training`` and ``validation`` are root-mean-square residuals, in units of y where there is one output, in
        units of the spread of each where there are several; or the values of the loss that was given.
        """
        return pd.DataFrame(self._records, columns=None if self._records else ["fit", "step", "training", "validation"])

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        grids: Sequence[int] | None = None,
        steps: int | None = None,
        lamb: float = 0.0,
        optimizer: str | OptimizerFactory = "lm",
        learning_rate: float = 1e-2,
        batch_size: int | None = None,
        loss: Loss | None = None,
        metrics: Mapping[str, Metric] | Sequence[Metric] | Metric | None = None,
        validation: Any = 0.2,
        weights: Any = None,
        y_error: Any = None,
        callback: Callable[[int, float], Any] | None = None,
        watch: str | os.PathLike[str] | None = None,
        starts: int | None = None,
        max_seconds: float | None = None,
        lamb_l1: float = 1.0,
        lamb_entropy: float = 2.0,
        smoothness: float = 1e-9,
    ) -> Self:
        """Train on rows of data; the best weights are kept, and steps that end in NaN are undone.

        The first call scales the network to the data and trains several starts; later calls go on from the present
        weights. Ctrl-C ends it with the best so far.

        Parameters
        ----------
        X : array-like, DataFrame or Tensor, shape (n, n_inputs), or Dataset
            Inputs in any units. A `Dataset` brings its target, names, units and errors. A mapping with pykan's four
            keys, ``train_input`` and so on, is taken as well.
        y : array-like, DataFrame or Tensor, shape (n,) or (n, n_outputs)
        grids : sequence of int, optional
            Finer grids to go on to, such as ``(6, 12, 24, 48)``, while held-out rows gain: for full precision on data
            without noise. `steps` are then for each grid, and the best of all grids is kept.
        steps : int, optional
            Default: 50 for "lm" and "lbfgs", 2,000 for "adam" and "lamb", 1,000 for a function. 0 only shows the data
            to the network.
        lamb : float, default 0
            Weight of sparsity. 3e-3 to 3e-2 switches off what is not needed, `prune` then takes it out, and a second
            fit without `lamb` wins the accuracy back.
        optimizer : str or callable, default "lm"
            "lm" is Levenberg-Marquardt, the best for networks of up to some hundred edges. Else "lbfgs", "adam",
            "lamb" (needs the extra ``optim``), or a function that takes the list of parameters and returns a torch
            optimizer.
        learning_rate : float, default 1e-2
            For "adam" and "lamb".
        batch_size : int, optional
            Rows of each step, for "adam", "lamb" and functions. Default: all.
        loss : callable ``(prediction, target) -> number``, optional
            Of tensors (n, n_outputs) in your units, differentiable; for all optimizers but "lm". Default: the mean
            squared residual, weighted, in units of the spread of y.
        metrics : mapping of str to callable, or callables, optional
            Functions of the same two tensors; their values over the held-out rows are columns of `history`.
        validation : float, or (X, y), default 0.2
            Share of the rows that are held out and decide which weights are kept, or such rows. 0, and tables below 20
            rows, hold out none.
        weights : array-like, shape (n,), optional
            Weights of rows.
        y_error : array-like, shape (n,), float or str, optional
            Standard errors of y, as in `kansym.make_dataset`: rows weigh 1/error^2.
        callback : callable ``(step, error)``, optional
            Called after every step with the error that decides, as in `history`; returns True to end training.
        watch : str or path-like, optional
            Where the network is shown as it trains: "notebook" for one output that is kept up to date, or a file
            ``training.gif`` or ``.mp4`` (needs ffmpeg) for a film with a frame for each step.
        starts : int, optional
            Networks that are trained side by side, the first from the present weights; the best is kept. Default: 16
            for a fresh network and "lm", 4 for other optimizers, 1 later on. A fifth of the steps is for all, the rest
            for the best quarter.
        max_seconds : float, optional
            Most time. Default: until the steps are done.
        lamb_l1, lamb_entropy : float, default 1 and 2
            Weights of the size and of the entropy of edges within `lamb`.
        smoothness : float, default 1e-9
            Weight of the roughness of splines; 1e-6 and more for noisy data on a fine grid.

        Returns
        -------
        KAN
            The network itself; `history` and `error` say how it went.

        Raises
        ------
        ArgumentError
            If an argument has a value that cannot be used, or two do not go together.
        DataError
            If X or y have another shape than the network wants, or hold values that are no finite numbers.
        TrainingError
            If no weights gave finite outputs.
        """
        measures = named_metrics(metrics)
        if max_seconds is not None and (isinstance(max_seconds, bool) or not 0 < max_seconds < float("inf")):
            raise ArgumentError(f"max_seconds must be a positive number of seconds, got {max_seconds!r}")
        table = FitTable.of(
            X,
            y,
            n_inputs=self.n_inputs,
            n_outputs=self.n_outputs,
            names=self._names,
            targets=self._targets,
            validation=validation,
            weights=weights,
            y_error=y_error,
            seed=self.seed,
        )
        if loss is not None and (weights is not None or y_error is not None or getattr(X, "y_error", None) is not None):
            raise ArgumentError("weights and y_error are for squared residuals; put them into your loss")
        if callback is not None and not callable(callback):
            raise ArgumentError(f"callback must be a function of the step and the error, got {callback!r}")
        fresh = self._is_fresh()
        y_scale = self.y_scale if not fresh else torch.from_numpy(table.spreads()).to(self.y_scale)
        options = training_options(
            optimizer,
            steps,
            loss,
            y_scale,
            lamb=lamb,
            learning_rate=learning_rate,
            batch_size=batch_size,
            lamb_l1=lamb_l1,
            lamb_entropy=lamb_entropy,
            smoothness=smoothness,
            seed=self.seed,
        )
        count = number_of_starts(starts, options, fresh=fresh)
        finer = checked_grids(grids, self.network, options)
        draw = partial(surface("kan_network_figure"), self)
        watcher = None if watch is None else surface("kan_watcher")(watch, draw)
        coefficients = sum(int(layer.spline_edges.sum()) * layer.curves.size for layer in self.network.layers)
        if not len(table.validation) and coefficients > len(table.train) * self.n_outputs:
            logger.warning(
                "the splines have %d coefficients for %d rows, and no rows are held out that would tell whether the "
                "network follows more than these; take fewer nodes or a smaller grid",
                coefficients,
                len(table.train),
            )
        if not table.same(self._table):
            self._table = table
        self._names, self._targets = table.names, table.targets
        if fresh:
            self._scale_to(table)
        else:
            self._warn_beyond(table.X[table.train])
        x, target, relative = self._rows(table.train)
        judges = self._rows(table.validation) if len(table.validation) else None
        progress = Progress(
            *(judges or (x, target))[:2],
            self.y_scale,
            metrics=measures,
            callback=callback,
            fit=1 + int(max((record["fit"] for record in self._records), default=0)),
            own_loss=loss is not None,
            judged=judges is not None,
            watcher=watcher,
        )
        deadline = None if max_seconds is None else clock.now() + max_seconds
        problem = Problem(x, target, relative, judges, options, deadline)
        with two_presses(), threads_for(len(table.X)):
            start = drawn_starts(self.network, count, self.seed + 1, self._dealt)
            trained = fit_refining(start, problem, finer, progress) if finer else fit_network(start, problem, progress)
            network, interrupted = trained
        if interrupted:
            logger.info("interrupted: the best weights of %d steps are kept", len(progress.records))
        self._become(network, "fit")
        self._records += progress.records
        if options.steps:
            self._fresh = None
        if watcher is not None:
            # The network is there already, whatever becomes of its pictures.
            watcher.done()
        return self

    def _is_fresh(self) -> bool:
        """Whether the weights are still those that were drawn."""
        if self._fresh is None:
            return False
        now = [layer.coefficients for layer in self.network.layers]
        return len(now) == len(self._fresh) and all(
            new.shape == old.shape and torch.equal(new, old.to(new.device, new.dtype))
            for new, old in zip(now, self._fresh, strict=True)
        )

    def _scale_to(self, table: FitTable) -> None:
        """Lay the grids over the data, and take their units."""
        centred, plain = table.scalings()
        self.x_center.copy_(torch.from_numpy(plain.center))
        self.x_half_width.copy_(torch.from_numpy(plain.half_width))
        self.y_scale.copy_(torch.from_numpy(table.spreads()))
        network = self.network
        first, last = network.layers[0], network.layers[-1]
        first.center.copy_(torch.from_numpy((centred.center - plain.center) / plain.half_width))
        first.half_width.fill_(1.0)
        # The mean of the target is in the offset, which is not trained: a large one would be dear to learn.
        mean = torch.from_numpy(table.Y[table.train].mean(0)).to(self.y_scale) / self.y_scale
        last.offset.copy_(torch.where(last.product, last.offset, mean))
        self._adopt(network)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def copy(self) -> Self:
        """Another network in the same state, with the same data."""
        return copy.deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        # The editor belongs to this network and holds a lock.
        return {name: value for name, value in self.__dict__.items() if name != "_editor"}

    def _record(self) -> dict[str, Any]:
        """What is to be kept besides tensors, in JSON types."""
        return {
            "names": None if self._names is None else list(self._names),
            "targets": None if self._targets is None else list(self._targets),
            "seed": self.seed,
            "trained": not self._is_fresh(),
        }

    def get_extra_state(self) -> dict[str, Any]:
        """For `state_dict`: names, and what edges may be."""
        return {**self._record(), "primitives": [describe(primitive) for primitive in self.primitives]}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """For `load_state_dict`; primitives are looked up by name among those of the network and of kansym."""
        known = {**default_library(), **{primitive.name: primitive for primitive in self.primitives}}
        self.primitives = find_all(state["primitives"], known, Path("state_dict"))
        self._restore(state)

    def _restore(self, record: Mapping[str, Any]) -> None:
        self._names = checked_names("names", record["names"], self.n_inputs)
        self._targets = checked_names("targets", record["targets"], self.n_outputs)
        self.seed = int(record["seed"])
        if record["trained"]:
            self._fresh = None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the network, its units and names to one file of numbers and text, which cannot run code.

        The data stay out of it. Returns the path.

        Raises
        ------
        ArgumentError
            If a weight is not finite.
        """
        scales = {name: getattr(self, name).double().tolist() for name in ("x_center", "x_half_width", "y_scale")}
        return save_network(self.network, path, metadata={RECORD: {**self._record(), **scales}})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: torch.device | str = "cpu",
        library: Mapping[str, Primitive] | None = None,
    ) -> Self:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path-like
        device : str or torch.device, default "cpu"
            Whatever device it was saved on.
        library : mapping of str to Primitive, optional
            Where primitives of your own are looked up by name.

        Raises
        ------
        StorageError
            If there is no such file, or it is damaged or no network of a KAN.
        """
        network, metadata = load_network(path, library=library)
        try:
            record = metadata[RECORD]
            scales = {name: [float(one) for one in record[name]] for name in ("x_center", "x_half_width", "y_scale")}
            net = cls.of(network, seed=record["seed"], device=device)
            for name, values in scales.items():
                getattr(net, name).copy_(torch.tensor(values, dtype=torch.float64))
            net._restore(record)
            net._fresh = None if record["trained"] else [layer.coefficients for layer in net.network.layers]
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise StorageError(f"{path} holds a network, but not one that KAN.save wrote") from error
        return net

    def __repr__(self) -> str:
        splines, primitives = (
            sum(int((layer.mode == mode).sum()) for layer in self.network.layers)
            for mode in (EdgeMode.SPLINE, EdgeMode.SYMBOLIC)
        )
        parts = [f"{splines} splines of grid {self.grid}"] if splines else []
        parts += [f"{primitives} primitives"] if primitives else []
        parts += [str(self.error)] if self._table is not None else ["not fitted"] if self._is_fresh() else []
        return f"<KAN {format_shape(self.shape)}: {', '.join(parts)}>"


def _lay_over(network: Network, input_range: Sequence[Any]) -> None:
    """Lay the grids of the first layer over ranges, in place."""
    try:
        ranges = torch.tensor(input_range, dtype=torch.float64)
        low, high = ranges.expand(network.n_inputs, 2).T
    except (TypeError, ValueError, RuntimeError):
        low = high = torch.zeros(1)
    if not bool((low < high).all() & torch.isfinite(low).all() & torch.isfinite(high).all()):
        raise ArgumentError(
            f"input_range must be (low, high), or {network.n_inputs} such pairs, one for each input, got "
            f"{input_range!r}"
        )
    first = network.layers[0]
    first.center.copy_((low + high) / 2)
    first.half_width.copy_((high - low) / 2)
