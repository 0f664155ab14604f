"""What a person sees of a command, and when."""

from benchmarks.waiting import HERE, LAST, PROMPT, RESULT, WORDS, watched, write_tables
from kansym import __version__


def test_a_call_is_watched_until_its_prompt(tmp_path):
    seen = watched(HERE, ("--version",), tmp_path)
    assert (seen.code, seen.last) == (0, __version__)
    assert 0 < seen.wall[WORDS] <= seen.wall[RESULT] <= seen.wall[LAST] <= seen.wall[PROMPT]
    assert seen.processor[PROMPT] > 0


def test_what_is_refused_has_words_and_no_result(tmp_path):
    write_tables(tmp_path)
    seen = watched(HERE, ("discover", "exact.csv", "--targt", "y"), tmp_path)
    assert seen.code == 2 and seen.last.startswith("kansym: error: ") and RESULT not in seen.wall
