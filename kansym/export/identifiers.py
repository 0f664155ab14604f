"""Names of columns as identifiers of a language."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from kansym.symbolic.naming import safe_identifiers


def words(text: str) -> tuple[str, ...]:
    """The words of a text; keywords are easier to read so."""
    return tuple(text.split())


def namer(
    reserved: Iterable[str], *, fold_case: bool = False, longest: int = 63
) -> Callable[[Sequence[str]], Mapping[str, str]]:
    """A function that gives names distinct identifiers.

    Parameters
    ----------
    reserved : iterable of str
        Keywords of the language, and functions that the code may call.
    fold_case : bool, default False
        Whether the language takes t and T for the same.
    longest : int, default 63
        Characters of an identifier; C99 and Fortran tell 63 apart.
    """
    words = frozenset(reserved)

    def identify(names: Sequence[str]) -> Mapping[str, str]:
        found = safe_identifiers(names, words, fold_case=fold_case)
        return {
            # The place makes what is cut off distinct again.
            name: identifier if len(identifier) <= longest else f"{identifier[: longest - 6]}_{place}"
            for place, (name, identifier) in enumerate(found.items())
        }

    return identify


def without_underscores(
    identify: Callable[[Sequence[str]], Mapping[str, str]], reserved: Iterable[str]
) -> Callable[[Sequence[str]], Mapping[str, str]]:
    """For Mathematica, where an underscore is a pattern and built-in functions begin with capitals."""
    words = frozenset(reserved)

    def renamed(names: Sequence[str]) -> Mapping[str, str]:
        result: dict[str, str] = {}
        for name, identifier in identify(names).items():
            joined = re.sub(r"_+(.)", lambda found: found.group(1).upper(), identifier).replace("_", "") or "x"
            base = joined if len(joined) == 1 else joined[0].lower() + joined[1:]
            candidate, number = base, 2
            while candidate in words or candidate in result.values():
                candidate, number = f"{base}v{number}", number + 1
            result[name] = candidate
        return result

    return renamed
