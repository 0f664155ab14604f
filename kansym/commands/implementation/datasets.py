"""The work of ``kansym datasets``."""

from dataclasses import asdict

from kansym.commands.output import write_json, write_table
from kansym.data.shipped import dataset_names, describe_dataset


def datasets(*, as_json: bool) -> int:
    """List the tables that come with kansym."""
    known = [describe_dataset(name) for name in dataset_names()]
    if as_json:
        write_json([asdict(info) for info in known])
        return 0
    write_table(
        ("name", "rows", "target", "inputs", "what was measured"),
        ([info.name, info.rows, info.target, ", ".join(info.columns), info.title] for info in known),
    )
    return 0
