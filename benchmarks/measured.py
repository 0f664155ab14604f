"""What the tables that come with kansym give, and what their units and errors are good for.

::

    python -m benchmarks.measured            # a minute or two of an idle core
    python -m benchmarks.measured --keep     # keep the figures for the pages

Every table is searched as it is, and some once more without their units or their errors. The searches are
deterministic, so that a slow machine takes longer and finds the same.
"""

from collections.abc import Iterator
from dataclasses import replace

from cyclopts import App

from benchmarks.table import keep as keep_figures
from kansym import Dataset, DiscoveryOptions, certify, discover, load_dataset
from kansym.report.constants import constant_line
from kansym.symbolic.formula import Formula

TABLES = ("kepler", "hydrogen", "mercury", "firas", "capacitor", "boyle", "kalpha", "moseley", "cooling")

app = App(name="python -m benchmarks.measured", help="Measured tables.", version_flags=[])


def cases() -> Iterator[tuple[str, Dataset]]:
    """Names and tables."""
    for name in TABLES:
        table = load_dataset(name)
        yield f"{name} ({table.n_rows} rows)", table
        if name == "kepler":
            yield f"{name} without units", replace(table, units=(None,) * table.n_columns, y_units=None)
        if name == "firas":
            yield f"{name} without errors", replace(table, y_error=None)


def described(formula: Formula, verdict: str) -> str:
    """Formula, constants and verdict in a cell of a table."""
    return "; ".join([f"`{formula}`", *map(constant_line, formula.constants), f"**{verdict}**"])


@app.default
def main(*, seconds: float = 15.0, keep: bool = False) -> None:
    """Search all tables.

    Parameters
    ----------
    seconds
        Budget of a search, in seconds of work.
    keep
        Keep the figures in benchmarks/results.
    """
    figures: dict[str, str] = {}
    for name, table in cases():
        discovery = discover(table, DiscoveryOptions(max_seconds=seconds, deterministic=True))
        figures[name] = described(discovery.formula, certify(discovery).verdict.kind)
        print(f"{name}: {figures[name]}", flush=True)
    if keep:
        keep_figures("measured", "Measured tables", figures)


if __name__ == "__main__":
    app()
