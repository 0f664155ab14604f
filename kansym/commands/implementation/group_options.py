"""What the options of `kansym discover` and `kansym fit-constants` say about groups, and their table."""

from collections.abc import Sequence

from kansym.data.files import is_shipped, require_table
from kansym.data.shipped import dataset_file
from kansym.errors import ArgumentError, DataError
from kansym.groups.reading import GroupedSource, grouped_source, source_of_files


def source_of(file: str | None, group: str | None, per_file: str | None, key: str | None) -> GroupedSource:
    """The table and its groups, from the options of a command."""
    if per_file is not None:
        if file is not None or group is not None:
            raise ArgumentError("--dataset-per-file stands for the table and its groups; leave FILE and --group out")
        return source_of_files(per_file, key)
    if file is None or group is None:
        raise ArgumentError("name a table and --group, or the files of --dataset-per-file")
    if is_shipped(file):
        with dataset_file(file) as path:
            return grouped_source(path, group, key)
    require_table(file)
    return grouped_source(file, group, key)


def require_target(target: str | None, source: GroupedSource) -> str:
    """The target, or an error that names the columns."""
    if target is None:
        raise DataError(f"--target is missing; the columns are {', '.join(map(repr, source.names))}")
    return source.spellings.get(target.strip(), target)


def refused(options: dict[str, object]) -> None:
    """Say which options have no meaning for groups."""
    given = [name for name, value in options.items() if value]
    if given:
        raise ArgumentError(
            f"{', '.join(given)}: not used with groups; leave {'it' if len(given) == 1 else 'them'} out"
        )


def names_of(option: Sequence[str] | None) -> tuple[str, ...]:
    """Names of groups of an option that may be given several times."""
    return tuple(name.strip() for name in option or () if name.strip())
