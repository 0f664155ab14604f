import os
import subprocess
import sys

import numpy as np
import pytest

from kansym.comparison.memory import peak_memory

LINUX = os.path.exists("/proc/self/status")


@pytest.mark.skipif(peak_memory() is None, reason="the system does not say")
def test_what_was_freed_again_counts():
    before = peak_memory()
    held = np.ones(2**26)
    del held
    # Half a gigabyte on top of whatever the tests have had so far, unless they have had more.
    assert before is not None and peak_memory() >= max(before, 2**29)


@pytest.mark.skipif(not LINUX, reason="other processes are known on Linux only")
def test_of_another_process_without_what_its_parent_had():
    held = np.ones(2**26)
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = peak_memory(process.pid)
        process.communicate(b"\n")
    assert found is not None and 2**20 < found < held.nbytes
    assert peak_memory(process.pid) is None
