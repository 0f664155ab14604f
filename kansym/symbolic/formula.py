# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas as results: one formula with its evidence, and the Pareto front of several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from kansym.errors import ArgumentError, StorageError
from kansym.numbers import uncertain_numbers
from kansym.provenance import Origin
from kansym.surfaces import surface
from kansym.symbolic.constants import Constant as Constant
from kansym.symbolic.constants import consistency_of, constants_of, correlation_of, errors_alone, errors_of_parts
from kansym.symbolic.exponents import Exponent
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.named import NamedFormula, named_formula
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.rows_by_name import rows_by_name
from kansym.symbolic.serialization import from_tree, to_tree
from kansym.symbolic.steps import Step, in_words, steps_of
from kansym.symbolic.text import to_text
from kansym.units.system import UnitSystem

if TYPE_CHECKING:
    import pandas as pd

LEAST_KNOWN = 0.1
"""Largest relative error that digits of a constant are shown for."""


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
        Which network or hypothesis it came from, in words. Default: those of `steps`.
    notes : tuple of str
        What the user should know about it.
    covariance : array (k, k) or None
        Of the fitted constants, in the order of `constants`; nan where a constant is not determined by the data, None
        where it is not known.
    consistent : bool or None
        Whether some units of the constants make it dimensionally consistent; None where the table has no units.
    steps : tuple of Step
        The steps from the table to the formula, first to last, in plain symbols; one that carries `structure` as its
        name where only the words are known, as of runs that were saved by older versions.
    origin : Origin or None
        Which finder first wrote it, after how much work, and what has changed it since; None where nobody noted it.
    exponents : tuple of Exponent
        What the data make of its whole and rational exponents, where they were freed one by one; of the pick of a noisy
        table.
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
    steps: tuple[Step, ...] = ()
    origin: Origin | None = None
    exponents: tuple[Exponent, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", tuple(self.variables))
        object.__setattr__(self, "structure", self.structure or in_words(self.steps))
        steps = self.steps or steps_of(self.structure)
        object.__setattr__(self, "steps", tuple(step.in_plain_symbols() for step in steps))
        unknown = {symbol.name for symbol in self.expression.free_symbols} - set(self.variables)
        if unknown:
            raise ArgumentError(f"expression contains {sorted(unknown)}, which are not among variables")

    @property
    def loss(self) -> float:
        """The held-out loss, or the training loss without held-out rows."""
        return self.train_loss if math.isnan(self.validation_loss) else self.validation_loss

    @property
    def rank(self) -> tuple[bool, float]:
        """What formulas are picked by, smallest first: dimensionally wrong ones last, then the description length.

        To a millionth of a bit, so that what is as long stays in the order in which it was found.
        """
        return self.consistent is False, round(self.description_length, 6)

    @property
    def correlation(self) -> np.ndarray | None:
        """Correlation (k, k) of the fitted constants, nan where it is not known; None without a covariance."""
        return None if self.covariance is None else correlation_of(self.covariance)

    def predict(self, X: np.ndarray | pd.DataFrame | Mapping[str, Any]) -> np.ndarray:
        """Values of the formula.

        Parameters
        ----------
        X : array (n, d), DataFrame, or mapping of name to number or array (n,)
            Columns in the order of `variables`; a DataFrame or a mapping is read by column name and may have others.

        Returns
        -------
        array (n,)
            nan where the formula is not defined.

        Raises
        ------
        DataError
            If columns are missing or their number is wrong.
        """
        return self._form.evaluate(rows_by_name(X, self.variables))

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
            text = surface("latex_with_units")(self)
        else:
            text = to_latex(self.expression, digits=self.digits(digits))
        return f"{name_to_latex(self.target)} = {text}" if with_target else text

    def named(self) -> NamedFormula:
        """The formula with names for its fitted numbers, and what they are: ``y = c0*exp(c1*t)``, ``c1 = -0.435(4)``.

        Constants of a guess, a given part or a known form have the names that the user gave them, and stand where the
        user put them: ``A*exp(-t/tau)``.
        """
        return named_formula(self.expression, self.variables, self.target, self.constants)

    @property
    def uncertain(self) -> dict[str, Any]:
        """The constants as correlated numbers, see `kansym.numbers.uncertain_numbers`; exact ones have no error.

        Raises
        ------
        ArgumentError
            If the formula has constants and no covariance.
        """
        k = len(self.constants)
        if self.covariance is None and k:
            raise ArgumentError("formula has no covariance, so that its constants have no known correlations")
        covariance = np.zeros((0, 0)) if self.covariance is None else np.array(self.covariance)
        for j, constant in enumerate(self.constants):
            if constant.snapped is not None:
                covariance[j, :] = covariance[:, j] = 0.0
        return uncertain_numbers({constant.name: constant.value for constant in self.constants}, covariance)

    def to_lmfit(self) -> tuple[Any, Any]:
        """A `lmfit.Model` of the formula and its `lmfit.Parameters`; see `kansym.fitting.bridges.to_lmfit`."""
        return surface("lmfit_model")(self)

    def to_iminuit(self, X: Any, y: Any, y_error: Any = None) -> Any:
        """An `iminuit.Minuit` on the chi-squared of a table; see `kansym.fitting.bridges.formula_to_iminuit`."""
        return surface("minuit")(self, X, y, y_error)

    def to_pysr_guess(self, names: Sequence[str] | Mapping[str, str] | None = None) -> str:
        """The formula in Julia with all digits, for ``PySRRegressor(guesses=[...])``.

        PySR must be given the operators that it uses, and call the columns by the same names; both are in
        `kansym.export.pysr_guess.pysr_guess`, which also says what is raised.

        Parameters
        ----------
        names : sequence of str, or mapping of column to str, optional
            What the columns are called in PySR. Default: their own names where PySR takes them, else ones like them.
        """
        return surface("pysr_guess")(self.expression, self.variables, names).text

    def to_code(self, language: str, *, name: str | None = None) -> str:
        """A source file that computes the formula; see `kansym.export.languages.to_code`.

        Parameters
        ----------
        language : str
            python, torch, c, fortran, julia, mathematica, javascript, or latex for a document.
        name : str, optional
            Of the function, default the target's.
        """
        return surface("code")(self, language, name=name)

    def to_mathml(self, digits: int | None = None, *, with_target: bool = False) -> str:
        """The formula in presentation MathML; see `kansym.export.mathml.to_mathml`."""
        return surface("mathml")(self, digits=digits, with_target=with_target)

    def to_torch(self) -> Any:
        """The formula as a `torch.nn.Module` with its constants as parameters; see `kansym.export.torch.to_torch`."""
        return surface("torch_module")(self)

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
            "steps": [step.to_dict() for step in self.steps],
            "origin": None if self.origin is None else self.origin.to_dict(),
            "exponents": [asdict(exponent) for exponent in self.exponents],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Formula:
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
                steps=tuple(Step.from_dict(step) for step in data.get("steps", ())),
                origin=None if data.get("origin") is None else Origin.from_dict(data["origin"]),
                exponents=tuple(Exponent.read(one) for one in data.get("exponents", ())),
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
        return surface("formula_html")(self)

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
            if constant.snapped is None and constant.error and math.isfinite(constant.error) and constant.value:
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


def _constant(record: dict[str, Any]) -> Constant:
    constant = Constant(**record)
    bounds = None if constant.bounds is None else tuple(constant.bounds)
    return replace(constant, suggestions=tuple(str(words) for words in constant.suggestions), bounds=bounds)


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


def with_fitted_constants(
    formula: Formula, form: ParametricForm, covariance: np.ndarray, units: UnitSystem | None
) -> Formula:
    """A formula with constants that were fitted anew, their errors and units.

    Parameters
    ----------
    formula : Formula
        Its losses, size and notes stay.
    form : ParametricForm
        The formula as a fitted form.
    covariance : array (k, k)
        Of the constants, nan where unknown.
    units : UnitSystem or None
        Of the table.
    """
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diagonal(covariance))
    constants = constants_of(form, errors, units, consistency_of(form, units))
    return replace(formula, expression=form.substituted(), constants=constants, covariance=covariance)
