"""Options of a discovery: one frozen dataclass per stage, with defaults that are meant to be left alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real

from kansym.clock import DEFAULT_SECONDS
from kansym.errors import Argument, ArgumentError
from kansym.extraction.selection import SelectionOptions
from kansym.fitting.bounds import read_bounds
from kansym.kan.growth import GrowthOptions
from kansym.primitives.library import PrimitiveLibrary, default_library

LOSSES = ("linear", "tukey", "huber", "soft_l1", "cauchy")
"""What residuals may count; see `kansym.fitting.robust`."""


@dataclass(frozen=True)
class DiscoveryOptions:
    """Everything that decides a run, besides the data.

    Attributes
    ----------
    max_seconds : float, default 120
        Wall time, kept to within 10 % from 5 s on. Easy laws stop long before it. The search itself counts its work on
        a clock of its own (`kansym.clock`), which an idle machine has spent before the wall ends it.
    seed : int, default 0
        Source of every random choice; the same table, seed and options give the same formula on any machine, idle or
        busy, unless the wall ended the search, which the result then says.
    device : str, default "auto"
        "cpu", "cuda" (or "cuda:1", ...), or "auto": CUDA where there is one and training has work
        enough for it (`kansym.device.CUDA_WORK`). Curves and algebra stay on the CPU.
    validation_fraction : float, default 0.2
        Share of the rows held out to judge networks and formulas; tables below 20 rows use leave-one-out instead.
    primitives : PrimitiveLibrary
        What edges are matched against.
    growth : GrowthOptions
    selection : SelectionOptions
    network_rows : int, default 6000
        Most rows that networks are trained on; formulas are fitted and judged on all rows. Raise it for very noisy
        tables.
    formulas_per_network : int, default 4
        Symbolic networks turned into formulas, per trained network.
    structure : bool, default True
        Look for symmetries and inner functions first, and solve the smaller problems that they leave. Turn it off to
        see what networks alone find.
    terms : bool, default True
        Look for sums of products of functions with inner constants, in tables and parts of one to five inputs, before
        networks; not without `structure`.
    networks : bool, default True
        Train networks and read them edge by edge, and match a table's only column to the library. Turn it off to see
        what the other engines find.
    loss : str, default "linear"
        What residuals count: "linear" is least squares. "tukey", "huber", "soft_l1" and "cauchy" are for tables with
        outliers: rows that no smooth function comes near are left out of the search, and the constants are fitted to
        all rows with that loss. See `kansym.fitting.robust`; "tukey" is a good choice.
    given : str or None, default None
        A part of the law that is known, with ``...`` for what is looked for, as in ``"g*x/2 + ..."`` or
        ``"exp(-t/tau)*(...)"``.
        Names that are not columns are constants, fitted with the rest; numbers are kept.
    guesses : tuple of str, default ()
        Formulas to start from, such as PySR's or a textbook's: ``"A*exp(-t/tau) + 0.1"``. Names that are not columns
        are constants; numbers with a point are their starting values, other numbers stay. Each is fitted and judged
        like any formula, so that the answer is never worse, and `Discovery.guesses` says whether the data want less
        or more. Not together with `given`.
    bounds : mapping of str to (low, high), default {}
        What constants of `given` or of the guesses may be, such as ``{"tau": (0, 10), "A": (0, None)}``; None where
        there is no end. One that ends at its bound is reported as such and has no standard error. Other formulas of
        the search have constants of their own, which no bound holds.
    fixed : mapping of str to float, default {}
        Constants of them that are known and not fitted, such as ``{"g": 9.81}``.
    exact : bool, default False
        Put exact numbers into formulas of noisy data where the fitted constants agree with them: 2 for 2.003(4). What
        was fitted stays in the table of constants, and a note says what chi-squared has to say to it. Without, every
        number that was measured keeps its value and error. Data without noise have exact numbers either way.
    deterministic : bool, default False
        Leave the wall out: the same answer always, however long a slow or busy machine takes for it.
    """

    max_seconds: float = DEFAULT_SECONDS
    seed: int = 0
    device: str = "auto"
    validation_fraction: float = 0.2
    primitives: PrimitiveLibrary = field(default_factory=default_library)
    growth: GrowthOptions = field(default_factory=GrowthOptions)
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    network_rows: int = 6000
    formulas_per_network: int = 4
    structure: bool = True
    loss: str = "linear"
    given: str | None = None
    guesses: tuple[str, ...] = ()
    deterministic: bool = False
    terms: bool = True
    networks: bool = True
    exact: bool = False
    bounds: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_what_is_given()
        if self.loss not in LOSSES:
            raise ArgumentError(f"loss must be one of {', '.join(LOSSES)}, got {self.loss!r}")
        if not isinstance(self.primitives, PrimitiveLibrary):
            raise ArgumentError(
                f"primitives must be a PrimitiveLibrary, such as default_library().only('x', 'exp'), got "
                f"{str(self.primitives)[:100]!r}"
            )
        if len(self.primitives) == 0:
            raise ArgumentError("primitives must hold at least one primitive, got an empty library")

    def _check_numbers(self) -> None:
        if not (_is_number(self.max_seconds) and 0 < self.max_seconds < float("inf")):
            raise ArgumentError(
                Argument("max_seconds"), f" must be a positive number of seconds, got {self.max_seconds!r}"
            )
        if not isinstance(self.seed, int) or self.seed < 0:
            raise ArgumentError(Argument("seed"), f" must be an integer of at least 0, got {self.seed!r}")
        for name in ("deterministic", "exact"):
            if not isinstance(getattr(self, name), bool):
                raise ArgumentError(Argument(name), f" must be True or False, got {getattr(self, name)!r}")
        if not (_is_number(self.validation_fraction) and 0 <= self.validation_fraction < 0.9):
            raise ArgumentError(
                Argument("validation_fraction"), f" must lie in [0, 0.9), got {self.validation_fraction!r}"
            )
        if not (_is_number(self.network_rows) and self.network_rows >= 50):
            raise ArgumentError(f"network_rows must be at least 50, got {self.network_rows!r}")
        if not (_is_number(self.formulas_per_network) and self.formulas_per_network >= 1):
            raise ArgumentError(f"formulas_per_network must be at least 1, got {self.formulas_per_network!r}")

    def _check_what_is_given(self) -> None:
        several = isinstance(self.guesses, Iterable) and not isinstance(self.guesses, str)
        guesses = tuple(self.guesses) if several else ()
        if not several or not all(isinstance(guess, str) for guess in guesses):
            raise ArgumentError(f"guesses must be several texts, such as ('a*x + b',), got {self.guesses!r}")
        object.__setattr__(self, "guesses", guesses)
        if self.given is not None and not isinstance(self.given, str):
            raise ArgumentError(f"given must be a text, such as 'g*x/2 + ...', got {self.given!r}")
        if self.guesses and self.given is not None:
            raise ArgumentError("guesses and given do not go together; write what is given into the guess")
        _ = self.limits
        for name in ("bounds", "fixed"):
            if getattr(self, name) and self.given is None and not self.guesses:
                raise ArgumentError(
                    Argument(name), " are for the constants of a guess or of a given part, and there is none"
                )

    @property
    def limits(self) -> dict[str, tuple[float, float]]:
        """Both ends of constants with bounds, and of fixed ones."""
        return read_bounds(self.bounds, self.fixed)

    @property
    def alone(self) -> "DiscoveryOptions":
        """The same options without anything that the user knows of the law."""
        return replace(self, given=None, guesses=(), bounds={}, fixed={})

    @property
    def unguessed(self) -> "DiscoveryOptions":
        """The same options without guesses, and with what is given."""
        return self.alone if self.guesses else self


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
