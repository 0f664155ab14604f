"""Errors of a network in words."""

from kansym.editing.context import Errors


def test_held_out_rows_are_named_only_where_there_are_any():
    apart, alone = Errors(0.1, 0.2), Errors(0.369, 0.369)
    assert str(apart) == "RMS residual 0.1 in training, 0.2 held out"
    assert "held out" not in str(alone).replace("none is held out", "") and "0.369 on all rows" in str(alone)
    assert apart.to(Errors(0.05, 0.1)) == "RMS residual 0.1 -> 0.05, held out 0.2 -> 0.1"
    assert alone.to(Errors(0.2, 0.2)) == "RMS residual 0.369 -> 0.2"
