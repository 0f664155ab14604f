"""The tools that kansym is compared with."""

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from kansym.comparison.request import PeerFormula
from kansym.errors import ArgumentError


@dataclass(frozen=True)
class Peer:
    """A tool that is run beside kansym.

    Attributes
    ----------
    name : str
    title : str
        As its authors write it.
    package : str
        What it is imported as.
    install : str
        What to do where it is missing.
    module : str
        With ``search(request, progress)``, and where a tool needs it ``prepare(progress)``, ``warm_up(request,
        progress)``, ``salvage(folder)`` and ``pick(formulas)``; see `kansym.comparison.worker`.
    start_up_limit : float
        Seconds for imports and compilation.
    """

    name: str
    title: str
    package: str
    install: str
    module: str
    start_up_limit: float = 120.0


def _peer(name: str, title: str, package: str, install: str, start_up_limit: float = 120.0) -> Peer:
    return Peer(name, title, package, install, f"kansym.comparison.workers.{name}", start_up_limit)


PEERS = {
    peer.name: peer
    for peer in (
        # The first start may fetch and compile Julia packages.
        _peer("pysr", "PySR", "pysr", "pip install 'kansym[pysr]'", 1800.0),
        _peer("operon", "Operon", "pyoperon", "pip install 'kansym[operon]'"),
        _peer("gplearn", "gplearn", "gplearn", "pip install 'kansym[gplearn]'"),
        _peer("pykan", "pykan", "kan", "pip install 'kansym[pykan]'"),
        _peer("mlp", "MLP", "torch", "pip install torch"),
    )
}


def peer_named(name: str) -> Peer:
    """The peer of a name.

    Raises
    ------
    ArgumentError
        If there is none; the message lists them.
    """
    if name not in PEERS:
        raise ArgumentError(f"peers: there is no peer {name!r}; known: {', '.join(PEERS)}")
    return PEERS[name]


def is_installed(peer: Peer) -> bool:
    """Whether its package is there; nothing is imported, since ``import pysr`` starts Julia."""
    return importlib.util.find_spec(peer.package) is not None


def salvaged(peer: Peer, folder: Path) -> tuple[list[PeerFormula], int | None]:
    """Formulas that a peer left in its folder before it was stopped, and the number of its pick where it has a rule."""
    module = importlib.import_module(peer.module)
    salvage, pick = getattr(module, "salvage", None), getattr(module, "pick", None)
    try:
        left = list(salvage(folder)) if salvage is not None else []
    except (OSError, ValueError):
        return [], None
    return left, pick(left) if pick is not None and left else None
