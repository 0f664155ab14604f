"""Catalogues of laws: TOML files under ``datasets/laws``, others in the same format, and laws drawn from a seed."""

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from kansym.bench import drawn, sampling
from kansym.bench.law import Law, Noise
from kansym.bench.sampling import Start, Trajectory, Variable
from kansym.errors import ArgumentError, DataError

HALVES = ("development", "report")
"""Parts of a catalogue that can be asked for by name: laws to work on, and laws that are only reported."""

HALVES_SEED = 2026
"""Decides which laws are in which half; never to be changed."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Laws from one source.

    Attributes
    ----------
    name, title, source : str
    names : tuple of str
        Of the laws.
    find : callable
        Maps one of the names to its `Law`. Laws that are drawn from a seed are made when they are first asked for.
    """

    name: str
    title: str
    source: str
    names: tuple[str, ...]
    find: Callable[[str], Law]

    @property
    def laws(self) -> tuple[Law, ...]:
        """All laws, in the order of their names."""
        return tuple(self.find(name) for name in self.names)

    def __getitem__(self, name: str) -> Law:
        self._check(name)
        return self.find(name)

    def only(self, names: Sequence[str]) -> "Catalogue":
        """The catalogue with some of its laws, in its own order.

        Parameters
        ----------
        names : sequence of str
            Of the laws; or a single whole number, for as many laws from the first on. All laws if empty.
        """
        if not names:
            return self
        if len(names) == 1 and names[0] not in self.names and names[0].isdecimal():
            count = int(names[0])
            if not 1 <= count <= len(self.names):
                raise ArgumentError(f"laws: the catalogue {self.name} has {len(self.names)} laws, not {count}")
            return replace(self, names=self.names[:count])
        for name in names:
            self._check(name)
        return replace(self, names=tuple(name for name in self.names if name in names))

    def half(self, part: str) -> "Catalogue":
        """The development half or the report half; laws of one group are in the same half.

        Parameters
        ----------
        part : str
            One of `HALVES`.
        """
        groups: dict[str, list[str]] = {}
        for law in self.laws:
            groups.setdefault(law.group or law.name, []).append(law.name)
        numbers = sampling.generator(f"{self.name} halves", HALVES_SEED)
        # Group by group in a drawn order, each to the half that has fewer laws so far.
        halves: tuple[list[str], list[str]] = ([], [])
        for _, group in sorted((float(numbers.random()), group) for group in sorted(groups)):
            min(halves, key=len).extend(groups[group])
        chosen = set(halves[HALVES.index(part)])
        names = tuple(name for name in self.names if name in chosen)
        return replace(self, name=f"{self.name}:{part}", title=f"{self.title} ({part} half)", names=names)

    def _check(self, name: str) -> None:
        if name in self.names:
            return
        close = difflib.get_close_matches(str(name), self.names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ArgumentError(f"laws: the catalogue {self.name} has no law {name!r}{hint}")


def catalogue_names() -> tuple[str, ...]:
    """Names of the catalogues that come with kansym, sorted."""
    return tuple(sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".toml")))


def load_catalogue(name_or_path: str | Path) -> Catalogue:
    """A catalogue by name, or from a TOML file in the same format.

    Parameters
    ----------
    name_or_path : str or Path
        A name; a name and one of `HALVES`, as in ``"livermore2:report"``; laws drawn from a seed, as in ``"random:7"``,
        see `kansym.bench.drawn`; or the path of a file.

    Raises
    ------
    ArgumentError
        If there is no catalogue of that name and no file either.
    DataError
        If an entry cannot be used; the message names the law and the field.
    """
    name = str(name_or_path)
    if name in catalogue_names():
        return _parsed((_folder() / f"{name}.toml").read_text(encoding="utf-8"), name)
    if Path(name).is_file():
        return _parsed(Path(name).read_text(encoding="utf-8"), Path(name).stem)
    first, _, part = name.partition(":")
    if first in catalogue_names() and part:
        if part not in HALVES:
            raise ArgumentError(f"catalogue {name!r}: after {first}: must come one of {', '.join(HALVES)}")
        return load_catalogue(first).half(part)
    if first in drawn.KINDS:
        kind = drawn.KINDS[first]
        if not part.isdecimal():
            raise ArgumentError(f"catalogue {name!r}: its laws are drawn from a seed, as in {first}:7")
        seed = int(part)
        title = f"{kind.title}, drawn from seed {seed}"
        return Catalogue(f"{first}:{seed}", title, kind.source, kind.names(seed), lambda law: kind.law(law))
    known = ", ".join((*catalogue_names(), *(f"{kind}:SEED" for kind in drawn.KINDS)))
    raise ArgumentError(f"there is no catalogue {name!r}; known: {known}, or the path of a TOML file")


def _parsed(text: str, name: str) -> Catalogue:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"catalogue {name}: not a TOML file: {error}") from error
    source, constants = str(content.get("source", "")), content.get("constants", {})
    entries = content.get("law", [])
    if not isinstance(entries, list):
        raise DataError(f"catalogue {name}: laws must be an array of tables, [[law]]")
    laws = tuple(_law(entry, source, constants, name) for entry in entries)
    by_name = {law.name: law for law in laws}
    if len(by_name) != len(laws) or not laws:
        raise DataError(f"catalogue {name}: it must hold laws, and their names must differ")
    return Catalogue(name, str(content.get("title", name)), source, tuple(by_name), by_name.__getitem__)


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
            levels=tuple(entry.pop("levels", ())),
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
