"""A command as a process: when it began, and how it ends."""

import subprocess
import sys
import time

import pytest

from kansym.cli import main


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says when a process was made")
def test_the_time_is_that_of_the_process():
    before = time.monotonic()
    done = run("import time; time.sleep(0.5); from kansym.commands.process import process_began as b; print(b())")
    # A tick of the system is a hundredth of a second.
    assert before - 0.02 <= float(done.stdout) <= time.monotonic() - 0.5


def test_without_an_answer_of_the_system_it_is_the_processor_that_has_worked(monkeypatch):
    from kansym.commands import process

    monkeypatch.setattr("builtins.open", lambda *_, **__: (_ for _ in ()).throw(FileNotFoundError()))
    assert time.monotonic() - process.process_began() == pytest.approx(time.process_time(), abs=0.05)


LEAVE = """
import atexit, sys, threading, time
from kansym.commands.process import leave
atexit.register(lambda: print("registered"))
sys.stdout.write("no line break ")
sys.stderr.write("said")
{before}
leave({code})
"""


@pytest.mark.parametrize("code", [0, 2, 130])
def test_what_is_left_to_do_is_done(code):
    done = run(LEAVE.format(before="", code=code))
    assert (done.returncode, done.stdout, done.stderr) == (code, "no line break registered\n", "said")


def test_threads_come_to_their_end():
    begin = "threading.Thread(target=lambda: (time.sleep(0.3), print('thread'))).start()"
    done = run(LEAVE.format(before=begin, code=3))
    assert done.returncode == 3 and "thread" in done.stdout and "registered" in done.stdout


def test_nothing_is_taken_apart_where_nothing_is_left():
    # What the interpreter would call when it takes modules apart.
    code = LEAVE.format(before="class A:\n    def __del__(self): print('apart')\nkept = A()", code=0)
    assert "apart" not in run(code).stdout
    assert "apart" in run(code.replace("leave(0)", "sys.exit(0)")).stdout


def test_a_reader_that_has_gone_is_told_by_the_exit_code_alone():
    code = """
import sys
from kansym.commands.process import leave
class Gone:
    def flush(self): raise BrokenPipeError
sys.stdout = Gone()
leave(0)
"""
    done = run(code)
    assert done.returncode == 1 and done.stderr == ""


def test_ctrl_c_before_anything_runs_is_130_in_one_line():
    code = """
import kansym.cli, kansym.__main__ as program
def interrupted(**_): raise KeyboardInterrupt
kansym.cli.main = interrupted
program.command()
"""
    done = run(code, "datasets")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "kansym: error: interrupted\n")


def test_a_call_from_python_goes_on(capsys):
    assert main(["datasets", "--json"]) == 0
    assert capsys.readouterr().out.startswith("[")


COLLECT = """
import gc
from kansym.commands import process
from kansym.commands.stopwatch import READING, SEARCH, Stopwatch
watch = Stopwatch()
{first}
watch.enter(READING)
print(gc.isenabled())
watch.enter(SEARCH)
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


@pytest.mark.parametrize(
    "first, said",
    [
        ("process.import_without_collecting()", "False\nTrue True\n"),
        ("", "True\nTrue False\n"),
        # Who keeps the collector away in a process of his own keeps it away.
        ("gc.disable()", "False\nFalse False\n"),
    ],
)
def test_garbage_is_collected_once_the_work_begins(first, said):
    assert run(COLLECT.format(first=first)).stdout == said
