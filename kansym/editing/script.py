"""Steps as text: one a line, a verb and its argument, for the command and for doing them again.

::

    fix 0.0.0=sin,a=3.14159,b=0    # constants that are given are held; freeze holds all of them
    unfix 0.1.0
    remove 0.1.0
    hold 0.0.0,a                   # and free
    product x,y                    # or edges: product 0.0.0,0.1.0; node x,y adds; into=1 names the node it goes to
    refine 20
    prune 0.01
    auto                           # or auto 0.0.0,0.1.0
    refit 5                        # seconds, and steps: refit 5,200
    undo                           # or undo 2
"""

from collections.abc import Callable
from typing import Any

from kansym.editing.history import split_words
from kansym.editing.network import EditableNetwork
from kansym.errors import ArgumentError
from kansym.kan.layer import AFFINE

MOST_LINES = 10_000
"""Lines of a script."""


def run_script(net: EditableNetwork, text: str) -> list[str]:
    """Do all steps of a text in order; empty lines and what follows ``#`` are left out.

    Returns
    -------
    list of str
        A line about each step.

    Raises
    ------
    ArgumentError
        With the number of the line; the steps before it are done.
    """
    said = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise ArgumentError(f"a script may have {MOST_LINES} lines, got {len(lines)}")
    for number, line in enumerate(lines, 1):
        step = _without_comment(line)
        if not step:
            continue
        verb, _, argument = step.partition(" ")
        try:
            said.append(do_step(net, verb, argument.strip()))
        except ArgumentError as error:
            raise ArgumentError(f"line {number} of the script ({step[:80]}): {error}") from error
    return said


def _without_comment(line: str) -> str:
    line = line.strip()
    if line.startswith("#"):
        return ""
    # A quoted name of a column may hold the sign.
    return line if '"' in line else line.partition(" #")[0].strip()


def do_step(net: EditableNetwork, verb: str, argument: str = "") -> str:
    """Do one step, and report its outcome in one line.

    Raises
    ------
    ArgumentError
        If there is no such verb, or the argument is wrong. Nothing is changed then.
    """
    known = VERBS.get(verb)
    if known is None:
        raise ArgumentError(f"there is no step {verb!r}; steps are {', '.join(VERBS)}")
    return known(net, argument)


def _fix(net: EditableNetwork, argument: str) -> str:
    where, sign, what = argument.partition("=")
    words = split_words(what)
    if not sign or not words:
        raise ArgumentError(f"fix needs an edge and a primitive, such as fix 0.1.0=sin, got {argument!r}")
    given: dict[str, Any] = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if word == "freeze":
            given["freeze"] = True
        elif equals and name.strip() in AFFINE:
            given[name.strip()] = _number(value, name.strip())
        else:
            raise ArgumentError(f"after the primitive come constants such as a=3.14, or freeze; got {word!r}")
    edge = net.edge(where.strip())
    r2 = edge.fix(words[0], **given)
    return f"fix {edge.id} ({edge.name}) to {words[0]}: 1 - R^2 = {1 - r2:.2g}" if words[0] != "0" else "removed"


def _unfix(net: EditableNetwork, argument: str) -> str:
    edge = net.edge(argument).unfix()
    return f"unfix {edge.id} ({edge.name})"


def _remove(net: EditableNetwork, argument: str) -> str:
    edge = net.edge(argument).remove()
    return f"remove {edge.id} ({edge.name})"


def _held(flag: bool) -> Callable[[EditableNetwork, str], str]:
    def held(net: EditableNetwork, argument: str) -> str:
        words = split_words(argument)
        if not words:
            raise ArgumentError("name an edge, such as hold 0.1.0,a")
        edge = net.edge(words[0])
        (edge.hold if flag else edge.free)(*words[1:])
        return net.history[-1]

    return held


def _grow(product: bool) -> Callable[[EditableNetwork, str], str]:
    def grow(net: EditableNetwork, argument: str) -> str:
        sources: list[Any] = []
        into = None
        names = set(net.context.table.names)
        for word in split_words(argument):
            if word.startswith("into=") and word not in names:
                value = word.removeprefix("into=")
                into = int(value) if value.isdigit() else value
            elif word not in names and word.count(".") == 2 and word.replace(".", "").isdigit():
                sources.append(net.edge(word))
            else:
                sources.append(word)
        (net.add_product if product else net.add_node)(sources, into=into)
        return net.history[-1]

    return grow


def _refine(net: EditableNetwork, argument: str) -> str:
    net.refine(_whole(argument, "refine"))
    return net.history[-1]


def _prune(net: EditableNetwork, argument: str) -> str:
    return f"prune: {net.prune(_number(argument, 'prune')) if argument else net.prune()}"


def _auto(net: EditableNetwork, argument: str) -> str:
    selected = net.auto(split_words(argument) or None)
    return "auto: " + "; ".join(str(selected).splitlines())


def _refit(net: EditableNetwork, argument: str) -> str:
    words = split_words(argument)
    options: dict[str, Any] = {}
    if words:
        options["max_seconds"] = _number(words[0], "refit")
    if len(words) > 1:
        options["steps"] = _whole(words[1], "steps of refit")
    return f"refit: {net.refit(**options)}"


def _undo(net: EditableNetwork, argument: str) -> str:
    return f"undo {net.undo(_whole(argument, 'undo') if argument else 1)}"


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentError(f"{name} must be a number, got {text!r}") from None


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(f"{name} must be a whole number, got {text!r}") from None


VERBS: dict[str, Callable[[EditableNetwork, str], str]] = {
    "fix": _fix,
    "unfix": _unfix,
    "remove": _remove,
    "hold": _held(True),
    "free": _held(False),
    "product": _grow(True),
    "node": _grow(False),
    "refine": _refine,
    "prune": _prune,
    "auto": _auto,
    "refit": _refit,
    "undo": _undo,
}
