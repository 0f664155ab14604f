"""One table searched, certified, and every form that was met held against the law."""

import time
from dataclasses import asdict
from typing import Any

from benchmarks.calibration_of_forms.tables import Table
from kansym.bench.form import same_form
from kansym.errors import KansymError
from kansym.forms.circumstances import circumstances
from kansym.forms.distinct import DistinctForm, distinct_forms
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.validation.certificate import certify

Record = dict[str, Any]
"""Of a table: "name", "kind", "seconds" (the budget), "verdict", "formula", "law", "stopped", "challenged", "tried",
"elapsed", "circumstances" (of the pick), and "forms", the pick first and then the shortest first: of each "bits" behind
the pick, "words" and "constants" of it, and "law", whether other numbers make it the law; None where that was not
asked, since it is far behind."""

JUDGED, MOST_JUDGED = 30.0, 16
"""Bits behind the shortest up to which forms are held against the law, and how many."""


def examine(table: Table, *, seconds: float) -> Record:
    """Search a table; what goes wrong is the record's "failure"."""
    start = time.perf_counter()
    record: Record = {"name": table.name, "kind": table.kind, "seconds": seconds}
    try:
        found = _found(table, seconds)
    except KansymError as error:
        found = {"failure": f"{type(error).__name__}: {error}"[:300]}
    return record | found | {"elapsed": round(time.perf_counter() - start, 2)}


def _found(table: Table, seconds: float) -> Record:
    options = DiscoveryOptions(max_seconds=seconds, seed=0, device="cpu", deterministic=True)
    discovery = discover(table.dataset, options)
    if discovery.interrupted:
        raise KeyboardInterrupt
    certificate = certify(discovery, options=options)
    forms = distinct_forms(discovery)
    return {
        "verdict": certificate.verdict.kind,
        "against": list(certificate.verdict.against),
        "formula": str(discovery.formula),
        "law": None if table.problem is None else str(table.problem.truth),
        "stopped": str(discovery.stopped),
        "challenged": discovery.challenged,
        "tried": discovery.forms_tried,
        "circumstances": asdict(circumstances(discovery, forms[0])),
        "forms": list(_judged(forms, table)),
    }


def _judged(forms: list[DistinctForm], table: Table) -> list[Record]:
    shortest = min(one.bits for one in forms)
    records = []
    for place, one in enumerate(forms):
        law: bool | None = False
        if table.problem is not None:
            near = one.bits < shortest + JUDGED and place < MOST_JUDGED
            law = same_form(one.formula.expression, table.problem) if near else None
        records.append(
            {
                "bits": one.bits - forms[0].bits,
                "words": one.words,
                "constants": len(one.formula.constants),
                "law": law,
                "text": str(one.formula)[:1000],
            }
        )
    return records
