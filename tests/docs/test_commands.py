"""Commands on the pages and in the README exist, and so do their options."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from kansym.cli import main

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "README.md", *(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)]


def block_lines(path: Path) -> Iterator[str]:
    """Lines of blocks of console and plain text."""
    language = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            language = line.strip().removeprefix("```") if language is None else None
        elif language in ("", "console", "text"):
            yield line.strip()


def commands() -> list[tuple[str, list[str]]]:
    """Pages and words of all commands, in the text too, up to a pipe or a remark.

    Those of blocks are lines that start with ``kansym``, with or without a prompt.
    """
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for line in (*block_lines(path), *re.findall(r"(?<!`)`(kansym [a-z][^`]*)`(?!`)", text)):
            match = re.match(r"(?:\$ )?(kansym [a-z].*)", " ".join(line.split()))
            if match is not None:
                words = shlex.split(match[1], comments=True)
                ends = [k for k, word in enumerate(words) if word in ("|", ">", "&&")]
                found.append((path.name, words[1 : ends[0] if ends else None]))
    return found


@pytest.fixture
def help_of(capsys):
    texts: dict[str, str] = {}

    def text(command: str) -> str:
        if command not in texts:
            main([command, "--help"])
            texts[command] = capsys.readouterr().out
        return texts[command]

    return text


def test_there_are_commands_to_check():
    assert len(commands()) > 60


def test_every_module_that_is_run_exists():
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    named = {name for text in texts for name in re.findall(r"-m ((?:kansym|benchmarks)\.[\w.]+\w)", text)}
    assert len(named) > 5
    for name in named:
        assert importlib.util.find_spec(name), name


def test_every_command_and_option_exists(help_of):
    for page, words in commands():
        if words[0].startswith("--"):
            continue
        text = help_of(words[0])
        assert f"kansym {words[0]}" in text, (page, words)
        for word in words[1:]:
            if word != "--help" and re.fullmatch(r"--?[a-z][a-z-]*", word):
                assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text), (page, words, word)
