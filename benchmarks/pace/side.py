"""A process that works with one state of the project."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
"""The clone that this file is in."""


class Side:
    """Another process, whose kansym is that of a clone.

    Parameters
    ----------
    file : str or Path
        The worker: its name beside this file, or its whole path.
    clone : Path
    """

    def __init__(self, file: str | Path, clone: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(clone.resolve()), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / file)],
            cwd=clone,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to one request.

        Raises
        ------
        RuntimeError
            If the process has ended; what it said stands above.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a worker ended with status {self._process.wait()}")
        return json.loads(answer)

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
