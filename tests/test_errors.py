"""Errors whose messages name arguments, which another way in calls by other names."""

import pickle

import pytest

from kansym.data import make_dataset
from kansym.errors import Argument, ArgumentError, DataError, KansymError


def test_a_message_in_parts_reads_as_one():
    error = ArgumentError(Argument("max_seconds"), " must be positive, got -1")
    assert str(error) == "max_seconds must be positive, got -1"
    assert error.arguments == ("max_seconds",)
    assert error.in_terms_of({"max_seconds": "--seconds"}) == "--seconds must be positive, got -1"
    assert error.in_terms_of({}) == str(error)


def test_only_arguments_are_called_otherwise():
    error = DataError("t.csv: ", Argument("x_error", " of 'x_error'"), " is odd, as x_error is")
    assert error.in_terms_of({"x_error": "--x-error"}) == "t.csv: --x-error of 'x_error' is odd, as x_error is"
    assert str(KansymError("seed is a word")) == KansymError("seed is a word").in_terms_of({"seed": "--seed"})
    assert KansymError("").arguments == () and str(KansymError()) == ""


def test_arguments_outlive_a_process():
    error = pickle.loads(pickle.dumps(DataError(Argument("x_error", " of 'v'"), " is negative")))
    assert error.in_terms_of({"x_error": "--x-error"}) == "--x-error of 'v' is negative"


@pytest.mark.parametrize(
    ("options", "arguments", "message"),
    [
        ({"x_error": 0.1}, ("x_error", "y_error"), "x_error needs y_error beside it"),
        ({"y_error": [1, 0, 1]}, ("y_error",), "y_error must be positive, got 0 in row 1"),
        ({"y_error": [1, 2, float("nan")]}, ("y_error",), "y_error has NaN or inf in 1 row, row 2"),
        ({"y_error": 1, "x_error": [-0.1]}, ("x_error",), "x_error of 'x0' must not be negative, got -0.1"),
        ({"y_error": 1, "x_error": {"v": 1}}, ("x_error",), "x_error names 'v', which is not a column"),
    ],
)
def test_errors_of_tables_name_their_arguments(options, arguments, message):
    with pytest.raises(DataError) as failure:
        make_dataset([[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0], **options)
    assert failure.value.arguments == arguments and str(failure.value).startswith(message)
