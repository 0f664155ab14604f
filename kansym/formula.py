# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas as results: one formula with its evidence, and the Pareto front of several."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
import pandas as pd
import scipy.stats
import sympy

from kansym.constant_symbols import errors_of_parts
from kansym.covariance import correlation_of, errors_alone
from kansym.equations import Equations
from kansym.errors import ArgumentError, DataError, StorageError
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.serialization import from_tree, to_tree
from kansym.symbolic.text import to_text
from kansym.units.headers import names_and_units_of

LEAST_KNOWN = 0.1
"""Largest relative error that digits of a constant are shown for."""


@dataclass(frozen=True)
class Constant:
    """A constant of a formula.

    Attributes
    ----------
    name : str
    value : float
    error : float or None
        Standard error; None if exact or unknown.
    snapped : str or None
        The exact number it was replaced by, e.g. ``"1/(4*pi)"``; None if it was fitted.
    unit : str or None
        The unit that makes the formula dimensionally consistent, ``"1"`` for a pure number; None where units are not
        known.
    suggestions : tuple of str
        Constants of nature that have the same unit and agree within the errors, in words.
    """

    name: str
    value: float
    error: float | None = None
    snapped: str | None = None
    unit: str | None = None
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Formula:
    """A law that was found, with its losses and constants.

    Attributes
    ----------
    expression : sympy.Expr
        In plain symbols named like the columns.
    variables : tuple of str, length d
        Names of all columns, in order; not all need occur.
    target : str
        Name of what is predicted.
    complexity : int
        Number of nodes, see `kansym.symbolic.complexity.complexity`.
    train_loss, validation_loss : float
        Mean squared residuals in squared units of the target; validation_loss is nan without held-out rows.
    description_length : float
        Bits, up to a constant of the data; the smaller, the better.
    constants : tuple of Constant
    structure : str
        Which network or hypothesis it came from.
    notes : tuple of str
        What the user should know about it.
    covariance : array (k, k) or None
        Of the fitted constants, in the order of `constants`; nan where a constant is not determined by the data, None
        where it is not known.
    consistent : bool or None
        Whether some units of the constants make it dimensionally consistent; None where the table has no units.
    """

    expression: sympy.Expr
    variables: tuple[str, ...]
    target: str
    complexity: int
    train_loss: float
    validation_loss: float
    description_length: float
    constants: tuple[Constant, ...] = ()
    structure: str = ""
    notes: tuple[str, ...] = ()
    covariance: np.ndarray | None = None
    consistent: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        unknown = {symbol.name for symbol in self.expression.free_symbols} - set(self.variables)
        if unknown:
            raise ArgumentError(f"expression contains {sorted(unknown)}, which are not among variables")

    @property
    def loss(self) -> float:
        """The held-out loss, or the training loss without held-out rows."""
        return self.train_loss if math.isnan(self.validation_loss) else self.validation_loss

    @property
    def rank(self) -> tuple[bool, float]:
        """What formulas are picked by, smallest first: dimensionally wrong ones last, then the description length."""
        return self.consistent is False, self.description_length

    @property
    def correlation(self) -> np.ndarray | None:
        """Correlation (k, k) of the fitted constants, nan where it is not known; None without a covariance."""
        return None if self.covariance is None else correlation_of(self.covariance)

    def predict(self, X: np.ndarray | pd.DataFrame) -> np.ndarray:
        """Values of the formula.

        Parameters
        ----------
        X : array (n, d) or DataFrame
            Columns in the order of `variables`; a DataFrame is read by column name and may have others.

        Returns
        -------
        array (n,)
            nan where the formula is not defined.

        Raises
        ------
        DataError
            If columns are missing or their number is wrong.
        """
        if isinstance(X, pd.DataFrame):
            missing = [name for name in self.variables if name not in X.columns]
            if missing:
                # The table of a file has the units in its headers.
                X = X.set_axis(names_and_units_of([str(name) for name in X.columns])[0], axis=1)
                missing = [name for name in self.variables if name not in X.columns]
            if missing:
                raise DataError(f"X lacks the columns {missing}; the formula was found with {list(self.variables)}")
            X = X[list(self.variables)].to_numpy(dtype=np.float64)
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != len(self.variables):
            raise DataError(
                f"X must have shape (n, {len(self.variables)}) with the columns {list(self.variables)}, got {X.shape}"
            )
        return self._form.evaluate(X)

    def sympy(self) -> sympy.Expr:
        """The formula as a sympy expression in plain symbols."""
        return self.expression

    def latex(self, digits: int | None = None, *, with_target: bool = False, with_units: bool = False) -> str:
        r"""The formula in LaTeX, for mathematics mode; no package is needed.

        Parameters
        ----------
        digits : int or None, default None
            Significant digits of constants. None shows each to two digits of its error with the other constants held,
            which is its standard error where it is correlated with none, and those without an error with six digits.
        with_target : bool, default False
            Put ``target =`` in front.
        with_units : bool, default False
            Letters stand for the fitted constants, and what they are follows, with errors and units:
            ``a x, \quad a = 9.812(20)\,\mathrm{m\,s^{-2}}``; `digits` then has no effect.
        """
        if with_units:
            from kansym.export.where import latex_with_units

            text = latex_with_units(self)
        else:
            text = to_latex(self.expression, digits=self.digits(digits))
        return f"{name_to_latex(self.target)} = {text}" if with_target else text

    @property
    def uncertain(self) -> dict[str, Any]:
        """The constants by name as correlated numbers of the package `uncertainties`, to compute with."""
        from kansym.report.measured import uncertain_constants

        return uncertain_constants(self)

    def to_lmfit(self) -> tuple[Any, Any]:
        """A `lmfit.Model` of the formula and its `lmfit.Parameters`; see `kansym.fitting.bridges.to_lmfit`."""
        from kansym.fitting.bridges import formula_to_lmfit

        return formula_to_lmfit(self)

    def to_iminuit(self, X: Any, y: Any, y_error: Any = None) -> Any:
        """An `iminuit.Minuit` on the chi-squared of a table; see `kansym.fitting.bridges.formula_to_iminuit`."""
        from kansym.fitting.bridges import formula_to_iminuit

        return formula_to_iminuit(self, X, y, y_error)

    def to_pysr_guess(self, names: Sequence[str] | Mapping[str, str] | None = None) -> str:
        """The formula in Julia with all digits, for ``PySRRegressor(guesses=[...])``.

        PySR must be given the operators that it uses, and call the columns by the same names; both are in
        `kansym.pysr.guess.pysr_guess`, which also says what is raised.

        Parameters
        ----------
        names : sequence of str, or mapping of column to str, optional
            What the columns are called in PySR. Default: their own names where PySR takes them, else ones like them.
        """
        from kansym.pysr.guess import pysr_guess

        return pysr_guess(self.expression, self.variables, names).text

    def to_code(self, language: str, *, name: str | None = None) -> str:
        """A source file that computes the formula; see `kansym.export.languages.to_code`.

        Parameters
        ----------
        language : str
            python, torch, c, fortran, julia, mathematica, javascript, or latex for a document.
        name : str, optional
            Of the function, default the target's.
        """
        from kansym.export.languages import to_code

        return to_code(self, language, name=name)

    def to_mathml(self, digits: int | None = None, *, with_target: bool = False) -> str:
        """The formula in presentation MathML; see `kansym.export.mathml.to_mathml`."""
        from kansym.export.mathml import to_mathml

        return to_mathml(self, digits=digits, with_target=with_target)

    def to_torch(self) -> Any:
        """The formula as a `torch.nn.Module` with its constants as parameters; see `kansym.export.module.to_torch`."""
        from kansym.export.module import to_torch

        return to_torch(self)

    def text(self, digits: int | None = 6) -> str:
        """The formula in plain text; `digits` as in `latex`, but six by default."""
        return to_text(self.expression, digits=self.digits(digits))

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types; exact."""
        return {
            "expression": to_tree(self.expression),
            "variables": list(self.variables),
            "target": self.target,
            "complexity": self.complexity,
            "train_loss": _to_json(self.train_loss),
            "validation_loss": _to_json(self.validation_loss),
            "description_length": _to_json(self.description_length),
            "constants": [asdict(constant) for constant in self.constants],
            "structure": self.structure,
            "notes": list(self.notes),
            "covariance": None if self.covariance is None else [[_to_json(c) for c in row] for row in self.covariance],
            "consistent": self.consistent,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Formula":
        """The formula of a dictionary made by `to_dict`.

        Raises
        ------
        StorageError
            If a key is missing or has the wrong type.
        """
        try:
            return cls(
                expression=plain(from_tree(data["expression"])),
                variables=tuple(str(name) for name in data["variables"]),
                target=str(data["target"]),
                complexity=int(data["complexity"]),
                train_loss=float(data["train_loss"]),
                validation_loss=float(data["validation_loss"]),
                description_length=float(data["description_length"]),
                constants=tuple(_constant(constant) for constant in data["constants"]),
                structure=str(data["structure"]),
                notes=tuple(str(note) for note in data["notes"]),
                covariance=_covariance(data.get("covariance"), len(data["constants"])),
                consistent=None if data.get("consistent") is None else bool(data["consistent"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"formula cannot be read: {type(error).__name__} {error}") from error

    def __str__(self) -> str:
        return f"{self.target} = {self.text()}"

    def __repr__(self) -> str:
        rms = f", RMS residual {math.sqrt(self.loss):.3g}" if self.loss >= 0 else ""
        return f"<Formula {self}; {self.complexity} nodes{rms}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex(with_target=True)}$"

    def _repr_html_(self) -> str:
        from kansym.notebook.display import formula_html

        return formula_html(self)

    def digits(self, digits: int | None = None) -> int | dict[float, float]:
        """What the printers take for digits: the number itself, or errors by value for None.

        These are the errors of each constant with the others held, which are smaller than the standard errors where
        constants are correlated: rounded by standard errors, the formula would no longer describe the data.
        """
        if digits is not None:
            return digits
        alone = errors_alone(self.covariance)
        errors = {}
        for k, constant in enumerate(self.constants):
            if constant.error and math.isfinite(constant.error) and constant.value:
                error = min(constant.error, alone[k]) if k < len(alone) and alone[k] > 0 else constant.error
                # Three figures of a constant that is hardly known are still needed to compute with it.
                errors[constant.value] = min(error, LEAST_KNOWN * abs(constant.value))
        errors |= errors_of_parts(self._form, self.constants, errors)
        # sympy distributes signs, so a constant may occur with either.
        return errors | {-value: error for value, error in errors.items()}

    @cached_property
    def _form(self) -> ParametricForm:
        # Floats as arguments, not as text: printed code would round them.
        return parametrize(self.expression, tuple(plain_symbol(name) for name in self.variables))


class ParetoFront(Sequence[Formula]):
    """Formulas of increasing complexity, the pick and those that are better than all simpler ones; immutable.

    Parameters
    ----------
    formulas : iterable of Formula
        Sorted by complexity and taken as they are; see `from_formulas`.
    """

    def __init__(self, formulas: Iterable[Formula]) -> None:
        self._formulas = tuple(sorted(formulas, key=lambda formula: (formula.complexity, formula.loss)))

    @classmethod
    def from_formulas(cls, formulas: Iterable[Formula]) -> "ParetoFront":
        """The front of any formulas: without those that are not finite, are dominated, or equal a simpler one.

        Of several formulas of one complexity the one of the smallest description length stays: x^(3/2) next to a
        real exponent that fits a little better. The formula of the smallest description length of all stays in any
        case, also where one of fewer nodes has a smaller loss: nodes are not of equal price. A dimensionally wrong
        formula is kept where it is better than all simpler ones, but it hides no right one.
        """
        finite = [formula for formula in formulas if math.isfinite(formula.loss)]
        best = min(finite, key=lambda f: (f.rank, f.complexity), default=None)
        kept: list[Formula] = []
        fingerprints: list[np.ndarray] = []
        lowest = {True: math.inf, False: math.inf}
        for formula in sorted(finite, key=lambda f: (f.complexity, f.rank, f.loss)):
            wrong = formula.consistent is False
            dominated = formula.loss >= (min(lowest.values()) if wrong else lowest[False]) * (1 - 1e-9)
            if formula is not best and (dominated or (kept and formula.complexity == kept[-1].complexity)):
                continue
            fingerprint = _fingerprint(formula)
            twin = next((k for k, other in enumerate(fingerprints) if _same(fingerprint, other)), None)
            if twin is not None and (wrong or kept[twin].consistent is not False):
                continue
            if twin is not None:
                # sin(x) of metres next to a*sin(b*x) with a = b = 1: the same function, and the second has its units.
                del kept[twin], fingerprints[twin]
            lowest[wrong] = min(lowest[wrong], formula.loss)
            kept.append(formula)
            fingerprints.append(fingerprint)
        return cls(kept)

    @overload
    def __getitem__(self, index: int) -> Formula: ...

    @overload
    def __getitem__(self, index: slice) -> "ParetoFront": ...

    def __getitem__(self, index: int | slice) -> "Formula | ParetoFront":
        if isinstance(index, slice):
            return ParetoFront(self._formulas[index])
        return self._formulas[index]

    def __len__(self) -> int:
        return len(self._formulas)

    def __iter__(self) -> Iterator[Formula]:
        return iter(self._formulas)

    @property
    def best(self) -> Formula:
        """The pick: the formula with the smallest description length, the simpler one of equals.

        Where the table has units, dimensionally wrong formulas come after all others.

        Raises
        ------
        ArgumentError
            If the front is empty.
        """
        if not self._formulas:
            raise ArgumentError("the Pareto front is empty, so it has no best formula")
        return min(self._formulas, key=lambda formula: (formula.rank, formula.complexity))

    def to_frame(self) -> pd.DataFrame:
        """A table with the columns complexity, loss, score, equation, sympy_format, latex, description_length,
        consistent (of its units, None where the table has none), picked.

        The score is PySR's: the drop of log(loss) per unit of complexity since the formula before.
        """
        best = self.best if self._formulas else None
        rows = []
        before: Formula | None = None
        for formula in self._formulas:
            score = 0.0
            if before is not None:
                drop = math.log(max(before.loss, 1e-300)) - math.log(max(formula.loss, 1e-300))
                score = drop / max(formula.complexity - before.complexity, 1)
            rows.append(
                {
                    "complexity": formula.complexity,
                    "loss": formula.loss,
                    "score": score,
                    "equation": formula.text(),
                    "sympy_format": formula.sympy(),
                    "latex": formula.latex(),
                    "description_length": formula.description_length,
                    "consistent": formula.consistent,
                    "picked": formula is best,
                }
            )
            before = formula
        columns = [
            "complexity", "loss", "score", "equation", "sympy_format", "latex", "description_length", "consistent",
            "picked",
        ]  # fmt: skip
        return Equations(rows, columns=columns)

    def _repr_html_(self) -> str:
        from kansym.notebook.display import front_html

        return front_html(self)

    def __repr__(self) -> str:
        pick = f"; the pick is {self.best}" if len(self) else ""
        return f"<ParetoFront of {len(self)} formula{'' if len(self) == 1 else 's'}{pick}>"

    def __str__(self) -> str:
        best = self.best if self._formulas else None
        lines = [f"{'':2}{'complexity':>10}  {'loss':>10}  equation"]
        for formula in self._formulas:
            mark = ">" if formula is best else " "
            lines.append(f"{mark} {formula.complexity:>10}  {formula.loss:>10.3e}  {formula}")
        return "\n".join(lines)


def _constant(record: dict[str, Any]) -> Constant:
    constant = Constant(**record)
    return replace(constant, suggestions=tuple(str(words) for words in constant.suggestions))


def _covariance(stored: Any, k: int) -> np.ndarray | None:
    if stored is None:
        return None
    array = np.array(stored, dtype=np.float64)
    if array.size != k * k:
        raise ValueError(f"covariance has {array.size} numbers for {k} constants")
    return array.reshape(k, k)


def _to_json(value: float) -> float | str:
    # JSON has no nan and no infinity.
    return value if math.isfinite(value) else str(value)


def _fingerprint(formula: Formula) -> np.ndarray:
    """Values at fixed points of both signs, to tell whether two formulas are the same function."""
    d = len(formula.variables)
    unit = scipy.stats.qmc.Halton(max(d, 1), scramble=False).random(49)[1:, :d]
    return formula.predict(np.concatenate([0.5 + 1.5 * unit, 4 * unit - 2]))


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 10 or (np.isfinite(first) != np.isfinite(second)).any():
        return False
    first, second = first[both], second[both]
    return bool((np.abs(first - second) <= 1e-8 * np.maximum(np.abs(first), np.abs(second))).all())
