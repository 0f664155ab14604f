"""Commands on the pages and in the README exist, and so do their options."""

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
    """Pages and words of every line that starts with ``kansym``, with or without a prompt, up to a pipe or a remark."""
    found = []
    for path in SOURCES:
        for line in block_lines(path):
            match = re.match(r"(?:\$ )?(kansym [a-z].*)", line)
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
    assert len(commands()) > 20


def test_every_command_and_option_exists(help_of):
    for page, words in commands():
        if words[0].startswith("--"):
            continue
        text = help_of(words[0])
        assert f"kansym {words[0]}" in text, (page, words)
        for word in words[1:]:
            if re.fullmatch(r"--?[a-z][a-z-]*", word):
                assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text), (page, words, word)
