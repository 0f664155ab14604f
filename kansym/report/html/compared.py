"""A comparison with other tools as a table for pages: the cells of every tool, and what it says in sentences."""

import logging
import re
from typing import Any

from markupsafe import Markup

from kansym.comparison.result import Comparison, ToolResult
from kansym.comparison.table import bits_words, error_words, memory_words, same_words, seconds_words, share_words
from kansym.comparison.words import sentences
from kansym.export import to_mathml
from kansym.report.html.markup import trusted_mathml
from kansym.symbolic.same import Sameness

logger = logging.getLogger(__name__)

_AFTER_OPERATORS = re.compile(r"(?<=[*/(])(?!\*)")

LONGEST = 40
"""Characters of a formula that is set as mathematics, which does not break into lines; longer ones are text."""

TITLES = {"kansym": "kansym", "pysr": "PySR", "pysr (file)": "PySR (its file)", "operon": "Operon", "mlp": "MLP"}
"""Tools as their authors write them, where that is not their name here."""


def comparison_values(comparison: Comparison) -> dict[str, Any]:
    """A comparison with other tools: a row per tool, each with its cells, and what it says in sentences."""
    tools = [_tool(result, comparison) for result in comparison.tools]
    # What was measured of no tool is no column.
    kept = [label for label, _ in tools[0]["cells"] if any(dict(tool["cells"])[label] for tool in tools)]
    for tool in tools:
        tool["cells"] = [(label, value) for label, value in tool["cells"] if label in kept]
    return {
        "tools": tools,
        "columns": kept,
        "peers": [tool for tool in tools[1:] if tool["sentences"]],
        "about": share_words(comparison),
        "unseen": comparison.held_out_rows > 0,
        "beyond": comparison.beyond_rows > 0,
        "interrupted": comparison.interrupted,
        "target": comparison.target,
    }


def _tool(result: ToolResult, comparison: Comparison) -> dict[str, Any]:
    own = comparison.kansym
    kind, same = _same(result, own=result is own)
    return {
        "tool": TITLES.get(result.tool, result.tool),
        "version": result.version,
        "kind": kind,
        "same": same,
        "failure": result.failure,
        "missing": result.missing,
        "formula": result.formula,
        "markup": _markup(result),
        "text": _breakable(result.formula),
        "parameters": result.parameters,
        "cells": [
            ("Bits more", bits_words(result, own)),
            ("Nodes", "" if result.complexity is None else str(result.complexity)),
            ("Error", error_words(result.rms)),
            ("Held-out error", error_words(result.held_out_rms)),
            ("Error beyond", error_words(result.beyond_rms)),
            ("Seconds from Enter", seconds_words(result.from_enter)),
            ("of these start-up", seconds_words(result.start_up)),
            ("Peak memory", memory_words(result.peak_memory)),
        ],
        "sentences": [] if result is own or result.failure else sentences(result, comparison),
        "remark": result.remark,
    }


def _same(result: ToolResult, *, own: bool) -> tuple[str, str]:
    """Kind and words of the answer to whether it is the same function."""
    if own or result.same is None:
        return ("own" if own else "none"), ""
    if result.same.kind is Sameness.SAME:
        return "same", "same function"
    return ("law" if result.same_law else "other"), same_words(result)


def _breakable(text: str) -> Markup:
    """A formula as text that breaks after operators before it breaks inside of numbers."""
    return Markup("<wbr>").join(_AFTER_OPERATORS.split(text))


def _markup(result: ToolResult) -> Markup | None:
    expression = result.expression if result.formula and len(result.formula) <= LONGEST else None
    if expression is None:
        return None
    try:
        return trusted_mathml(to_mathml(expression), display=False, label=result.formula)
    # As text it says the same.
    except Exception as error:
        logger.warning("the formula of %s is shown as text: %s: %s", result.tool, type(error).__name__, error)
        return None
