"""Several targets in plain values: what reports say and what is stored, from a search or from a folder."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kansym.codec import to_json
from kansym.run.summary import RunSummary
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.naming import safe_identifiers
from kansym.targets.common import Common
from kansym.targets.result import TargetsDiscovery
from kansym.validation.certificate import Certificate


@dataclass(frozen=True, eq=False)
class FinishedTarget:
    """One target.

    Attributes
    ----------
    name : str
    summary : RunSummary or None
        None where the search failed.
    failure : str
        Why; else empty.
    source : str
        The target whose formula suggested this one; empty where the search found it by itself.
    folder : str
        Of its run, in the folder of all.
    """

    name: str
    summary: RunSummary | None
    failure: str = ""
    source: str = ""
    folder: str = ""


@dataclass(frozen=True, eq=False)
class FinishedTargets:
    """Several targets, from memory or from a folder: all that reports need.

    Attributes
    ----------
    targets : tuple of FinishedTarget
    common : Common
    seconds : float
    command : str
        How the run was started.
    created : str
        UTC, ISO 8601.
    """

    targets: tuple[FinishedTarget, ...]
    common: Common
    seconds: float
    command: str = ""
    created: str = ""

    @classmethod
    def of(
        cls,
        found: TargetsDiscovery,
        *,
        certificates: Mapping[str, Certificate] | None = None,
        options: DiscoveryOptions | None = None,
        command: str = "",
        tables: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "FinishedTargets":
        """Of a search.

        Parameters
        ----------
        found : TargetsDiscovery
        certificates : mapping of str to Certificate, optional
            By target; those that are missing were not asked for.
        options : DiscoveryOptions, optional
            What the run was started with, for the records.
        command : str, optional
        tables : mapping of str to dict, optional
            By target, options by which its table can be read again; see `kansym.save_run`.
        """
        certificates, tables = certificates or {}, tables or {}
        folders = folder_names([row.name for row in found.rows])
        targets = []
        for row in found.rows:
            summary = None
            if row.discovery is not None:
                summary = RunSummary.of(
                    row.discovery,
                    command=command,
                    options=options,
                    certificate=certificates.get(row.name),
                    table=tables.get(row.name),
                )
            targets.append(FinishedTarget(row.name, summary, row.failure, row.source, folders[row.name]))
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return cls(tuple(targets), found.common, found.seconds, command, created)

    def to_dict(self) -> dict[str, Any]:
        """What ``targets.json`` holds: the targets with the folders of their runs, and what they share."""
        return {
            "targets": [
                {
                    "name": one.name,
                    "folder": one.folder if one.summary else "",
                    "formula": None if one.summary is None else str(one.summary.formula),
                    "failure": one.failure,
                    "source": one.source,
                }
                for one in self.targets
            ],
            "common": to_json(self.common),
            "seconds": self.seconds,
            "command": self.command,
            "created": self.created,
        }


def folder_names(targets: Sequence[str]) -> dict[str, str]:
    """A folder for each target: its own name where every system takes it, else one like it."""
    return safe_identifiers(targets, reserved=RESERVED)


RESERVED = ("index", "targets", "report")
"""Names that files beside the folders begin with."""
