"""PySR's hall of fame as guesses, in Python and on the command line; the files are real ones of PySR 1.5.10."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from kansym import DiscoveryOptions, discover, guesses_from, make_dataset
from kansym.cli import main
from kansym.comparison.hall_of_fame import Row, best_pick, scores
from kansym.errors import ArgumentError, DataError

FILES = Path(__file__).parent / "pysr_files"


@pytest.mark.parametrize(
    ("folder", "names", "expected"),
    [
        # Its pick, of which the second and the first are parts, and then the largest falls of the loss per node.
        (
            "kepler",
            ("a",),
            (
                "(a + (cos(a + 0.47799591562338417) * -0.0018091024504169868)) ** 1.499853001435204",
                "a ** 1.4998345326563893",
            ),
        ),
        ("decay_noise", ("t",), ("(0.5541404468792203 ** t) / 0.3333512260339613", "exp(cos(t))")),
    ],
)
def test_the_pick_and_then_by_score(folder, names, expected):
    found = guesses_from(FILES / folder, names)
    assert [text.replace(" ", "") for text in found[:2]] == [text.replace(" ", "") for text in expected]
    assert len(found) == 3 and len(set(found)) == 3
    assert guesses_from(FILES / folder / "hall_of_fame.csv", names, most=1) == found[:1]


def test_pysrs_scores():
    rows = [Row(1, 4.0, "x"), Row(3, 4.0 * math.exp(-6), "x"), Row(4, 4.0 * math.exp(-6.5), "x"), Row(9, 0.0, "x")]
    assert scores(rows) == pytest.approx([0.0, 3.0, 0.5, math.inf])
    # As the column of the same name that PySR wrote out itself, over the rows that it has one for.
    assert best_pick(rows) == 3


def test_formulas_that_are_no_guess_are_passed_over(tmp_path):
    path = tmp_path / "hall_of_fame.csv"
    many = " + ".join(f"{k}.5 * cos(x0 * {k}.25)" for k in range(1, 40))
    path.write_text(f"Complexity,Loss,Equation\n1,9.0,3.5\n3,1.0,x0 * 2.0\n300,1e-9,{many}\n")
    assert guesses_from(path, ["time"]) == ("time * 2.0",)
    path.write_text("Complexity,Loss,Equation\n1,9.0,3.5\n")
    with pytest.raises(ArgumentError, match=r"has no formula to start from; .* is 3\.5$"):
        guesses_from(path, ["time"])
    with pytest.raises(ArgumentError, match="most must be a number of guesses"):
        guesses_from(path, ["time"], most=0)
    with pytest.raises(ArgumentError, match="there is no file"):
        guesses_from(tmp_path / "nowhere.csv", ["time"])
    path.write_text("Complexity,Loss,Equation\n1,9.0,a*b\n")
    with pytest.raises(DataError, match="no such column"):
        guesses_from(path, ["time", "mass"])


def test_a_search_starts_from_them():
    a = np.array([0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07])
    table = make_dataset(a[:, None], a**1.5, names=["a"], target="period")
    guesses = guesses_from(FILES / "kepler", table.names)
    found = discover(table, DiscoveryOptions(max_seconds=5, guesses=guesses))
    assert len(found.guesses) == 3 and found.formula.text() == "a**(3/2)"


def test_on_the_command_line(capsys, tmp_path):
    arguments = ["discover", "kepler", "--target", "period", "--seconds", "5", "-q", "--json"]
    assert main([*arguments, "--guess-from", str(FILES / "kepler"), "--guess", "k*semi_major_axis^1.49"]) == 0
    record = json.loads(capsys.readouterr().out)
    texts = [guess["text"] for guess in record["guesses"]]
    assert texts[0] == "k*semi_major_axis^1.49" and len(texts) == 4
    assert all("semi_major_axis" in text for text in texts)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--guess-from", "nowhere.csv"], "there is no file nowhere.csv"),
        (["--guess-from", str(FILES / "two_outputs")], "PySR wrote one for each target"),
        (["--guess-from", str(FILES / "power_law")], "no such column"),
        (["--guess-from", str(FILES / "kepler"), "--given", "..."], "--guess-from and --given do not go together"),
        (["--guess-from", str(FILES / "kepler"), "--group", "planet"], "--guess-from: not used with groups"),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, words):
    assert main(["discover", "kepler", "--target", "period", *arguments, "-q"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1 and words in captured.err
