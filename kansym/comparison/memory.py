"""How much memory a process has had at most."""

import sys
from pathlib import Path


def peak_memory(pid: int | None = None) -> int | None:
    """Bytes of physical memory that a process has had at most; None where the system does not say.

    Parameters
    ----------
    pid : int, optional
        This process by default; others are known on Linux only.
    """
    try:
        # getrusage would count what the parent had when it started the process: Linux keeps that over exec.
        lines = Path(f"/proc/{'self' if pid is None else pid}/status").read_text(encoding="utf-8").splitlines()
        return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
    except (OSError, ValueError):
        return _by_the_system() if pid is None else None


def _by_the_system() -> int | None:
    try:
        # Not there on Windows.
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In bytes on macOS, in kilobytes elsewhere.
    return int(most) * (1 if sys.platform == "darwin" else 1024)
