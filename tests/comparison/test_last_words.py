"""What a process said of an error is its reason, and nothing else that it said is."""

import signal

import pytest

from kansym.comparison.last_words import why_it_ended

# As PySR 1.5 and 2.0 wrote it to standard error while they searched.
WARNINGS = (
    "┌ Warning: The `tanh` operator is already defined.",
    "│ It will be overwritten, which is no error.",
    "└ @ DynamicExpressions.OperatorEnumConstructionModule ~/.julia/packages/DynamicExpressions/src/x.jl:309",
    "[ Info: Started!",
    "FutureWarning: an error is raised in a later version",
)


def test_a_warning_is_no_reason():
    assert why_it_ended(-signal.SIGKILL, WARNINGS) == "was killed by SIGKILL"
    assert why_it_ended(1, WARNINGS) == "ended with exit code 1"
    assert why_it_ended(None, WARNINGS) == why_it_ended(0, ()) == "ended without an answer"
    assert why_it_ended(-63, ()) == "was killed by signal 63"


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: LoadError: UndefVarError: `pow` not defined",
        "┌ Error: Problem in worker 1",
        "ValueError: the population died out",
        "juliacall.JuliaError: MethodError: no method matching f(::Int64)",
        "MemoryError",
        "Fatal Python error: Segmentation fault",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "[4711] signal 11 (1): Segmentation fault",
        "OutOfMemoryError()",
        "fatal: out of luck",
    ],
)
def test_an_error_is_the_reason_whatever_was_said_after_it(line):
    assert why_it_ended(-signal.SIGSEGV, (*WARNINGS, line, *WARNINGS)) == f"was killed by SIGSEGV: {line}"
