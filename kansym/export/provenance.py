"""Where a formula comes from, in words for comments."""

from collections.abc import Mapping

import kansym
from kansym.run.finished import FinishedRun
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula


def summary_of(run: "RunSummary | FinishedRun | None") -> RunSummary | None:
    """The summary of a run."""
    return run.summary if isinstance(run, FinishedRun) else run


def units_of(run: "RunSummary | FinishedRun | None") -> Mapping[str, str | None]:
    """Units of columns and target by name; empty without a run."""
    summary = summary_of(run)
    if summary is None:
        return {}
    return {**dict(zip(summary.names, summary.units, strict=False)), summary.target: summary.y_units}


def made_by(run: "RunSummary | FinishedRun | None", formula: Formula) -> list[str]:
    """Version, command, table and verdict, one line each; the verdict is that of the pick."""
    summary = summary_of(run)
    if summary is None:
        return [f"Written by kansym {kansym.__version__}."]
    lines = [f"Found by kansym {summary.versions.get('kansym', kansym.__version__)} on {summary.created[:10]}."]
    if summary.command:
        lines.append(f"Command: {summary.command}")
    seed = "" if summary.seed is None else f", seed {summary.seed}"
    lines.append(f"Table: {summary.rows} rows{seed}, sha256 {summary.data_sha256[:16]}.")
    if summary.certificate is not None and formula.expression == summary.formula.expression:
        lines.append(f"Verdict: {summary.certificate.verdict.kind}.")
    return lines
