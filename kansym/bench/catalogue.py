"""Catalogues of laws: TOML files under ``datasets/laws``, and others in the same format."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from kansym.bench.law import Law, Noise
from kansym.bench.sampling import Start, Trajectory, Variable
from kansym.errors import ArgumentError, DataError


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Laws from one source.

    Attributes
    ----------
    name, title, source : str
    laws : tuple of Law
    """

    name: str
    title: str
    source: str
    laws: tuple[Law, ...]

    def __getitem__(self, name: str) -> Law:
        for law in self.laws:
            if law.name == name:
                return law
        close = difflib.get_close_matches(name, [law.name for law in self.laws], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ArgumentError(f"laws: the catalogue {self.name} has no law {name!r}{hint}")

    def only(self, names: Sequence[str]) -> "Catalogue":
        """The catalogue with these laws alone, in its own order; all of them if there are no names."""
        if not names:
            return self
        wanted = {self[name].name for name in names}
        return Catalogue(self.name, self.title, self.source, tuple(law for law in self.laws if law.name in wanted))


def catalogue_names() -> tuple[str, ...]:
    """Names of the catalogues that come with kansym, sorted."""
    return tuple(sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".toml")))


def load_catalogue(name_or_path: str | Path) -> Catalogue:
    """A catalogue by name, or from a TOML file in the same format.

    Raises
    ------
    ArgumentError
        If there is no catalogue of that name and no file either.
    DataError
        If an entry cannot be used; the message names the law and the field.
    """
    name = str(name_or_path)
    if name in catalogue_names():
        text = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
        name = Path(name).stem
    else:
        known = ", ".join(catalogue_names())
        raise ArgumentError(f"there is no catalogue {name!r}; known: {known}, or the path of a TOML file")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"catalogue {name}: not a TOML file: {error}") from error
    source, constants = str(content.get("source", "")), content.get("constants", {})
    entries = content.get("law", [])
    if not isinstance(entries, list):
        raise DataError(f"catalogue {name}: laws must be an array of tables, [[law]]")
    laws = tuple(_law(entry, source, constants, name) for entry in entries)
    if len({law.name for law in laws}) != len(laws) or not laws:
        raise DataError(f"catalogue {name}: it must hold laws, and their names must differ")
    return Catalogue(name, str(content.get("title", name)), source, laws)


def _law(entry: Mapping[str, Any], source: str, constants: Mapping[str, float], catalogue: str) -> Law:
    name = str(entry.get("name", "?"))
    try:
        entry = dict(entry)
        variables = tuple(_variable(variable) for variable in entry.pop("variables"))
        target = entry.pop("target")
        own = {**constants, **entry.pop("constants", {})}
        used = {key: float(value) for key, value in own.items() if key not in {v.name for v in variables}}
        noise, data, trajectory = (entry.pop(key, None) for key in ("noise", "data", "trajectory"))
        law = Law(
            variables=variables,
            target=target["name"],
            target_unit=target.get("unit", "1"),
            constants=used,
            noise=None if noise is None else Noise(**noise),
            data=None if data is None else {key: np.array(column, dtype=np.float64) for key, column in data.items()},
            trajectory=None if trajectory is None else _trajectory(trajectory),
            source=entry.pop("source", source),
            free=tuple(entry.pop("free", ())),
            **entry,
        )
        symbols = {str(symbol) for symbol in law.form.free_symbols}
    except (KeyError, TypeError, ValueError) as error:
        problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise DataError(f"catalogue {catalogue}, law {name!r}: {problem}") from error
    missing = set(law.free) - symbols
    if missing:
        raise DataError(f"catalogue {catalogue}, law {name!r}: free: the formula lacks {sorted(missing)}")
    return law


def _variable(entry: Mapping[str, Any]) -> Variable:
    return Variable(**{**entry, "low": float(entry["low"]), "high": float(entry["high"])})


def _trajectory(entry: Mapping[str, Any]) -> Trajectory:
    starts = []
    for start in entry["starts"]:
        ((kind, numbers),) = start.items()
        if kind not in ("normal", "uniform", "listed"):
            raise ValueError(f"a start must be normal, uniform or listed, got {kind!r}")
        starts.append(Start(kind, tuple(float(number) for number in numbers)))
    return Trajectory(dict(entry["equations"]), tuple(starts), int(entry["count"]), float(entry["step"]))


def _folder() -> Traversable:
    """The catalogues inside an installed package, or next to it in a checkout."""
    installed = resources.files("kansym") / "_datasets" / "laws"
    if installed.is_dir():
        return installed
    return Path(__file__).parents[2] / "datasets" / "laws"
