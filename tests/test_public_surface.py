"""What users can name is still there: `public_surface.json` lists it as it was in version 0.1.

``python tests/test_public_surface.py > tests/public_surface.json`` writes it anew; do so only to add to it.
"""

import importlib
import inspect
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import kansym
from kansym._renamed import RENAMED, new_name, renamed_arguments

HERE = Path(__file__).parent
RECORD = HERE / "public_surface.json"
DOCUMENTED = re.compile(r"auto(?:class|function|module|exception):: (kansym[\w.]*)")
IMPORTED = re.compile(r"^\s*(?:>>> )?from (kansym[\w.]*) import ([\w, ]+)$", re.MULTILINE)


def surface() -> dict[str, Any]:
    """Everything that users can name, in JSON types."""
    names = {name: described(getattr(kansym, name)) for name in kansym.__all__}
    return {"names": names, "commands": commands(), "documented": documented(), "imported": imported()}


def described(value: Any) -> dict[str, Any]:
    """Parameters of a function; of a class, its public attributes as well."""
    if inspect.isclass(value):
        return {"parameters": parameters(value), "attributes": attributes(value)}
    return {"parameters": parameters(value)} if callable(value) else {}


def parameters(function: Any) -> dict[str, list[str]]:
    """Kind and default of every parameter; dots for a default that is no plain value."""
    try:
        found = inspect.signature(function).parameters
    except ValueError:
        return {}
    renamed = getattr(function, "renamed_arguments", None) or getattr(
        getattr(function, "__init__", function), "renamed_arguments", {}
    )
    old_names = {new: old for old, new in renamed.items()}
    found = {old_names.get(name, name): one for name, one in found.items()}
    # Nobody can pass anything by the name of a parameter that takes all other names.
    return {n: [one.kind.name, default(one.default)] for n, one in found.items() if one.kind is not one.VAR_KEYWORD}


def default(value: Any) -> str:
    plain = value is None or isinstance(value, bool | int | float | str)
    return "" if value is inspect.Parameter.empty else repr(value) if plain else "..."


def attributes(kind: type) -> dict[str, dict[str, list[str]] | None]:
    """Parameters of the public methods of kansym's own, None for other attributes, also those only documented."""
    own = [one for one in kind.__mro__ if one.__module__.startswith("kansym")]
    found: dict[str, dict[str, list[str]] | None] = {}
    for one in own:
        for name, value in vars(one).items():
            if not name.startswith("_"):
                found.setdefault(name, parameters(value) if inspect.isfunction(value) else None)
        for name in (*inspect.get_annotations(one), *listed(inspect.getdoc(one) or "")):
            if not name.startswith("_"):
                found.setdefault(name, None)
    return dict(sorted(found.items()))


def listed(text: str) -> list[str]:
    """Names in the section "Attributes" of a docstring in NumPy style."""
    section = text.partition("Attributes\n----------\n")[2]
    section = re.split(r"\n\S[^\n]*\n-{3,}\n", section)[0]
    heads = re.findall(r"^(\w[\w, ]*?) :", section, re.MULTILINE)
    return [name.strip() for head in heads for name in head.split(",")]


def commands() -> dict[str, list[str]]:
    """Options and arguments of every command of the command line."""
    from kansym.cli import COMMANDS, app

    found = {}
    for command in COMMANDS:
        arguments = app[command].assemble_argument_collection()
        found[command] = sorted({name for argument in arguments for name in argument.names})
    return found


def documented() -> list[str]:
    pages = sorted(Path(kansym.__file__).parents[1].glob("docs/api/*.md"))
    return sorted({name for page in pages for name in DOCUMENTED.findall(page.read_text(encoding="utf-8"))})


def imported() -> list[str]:
    """What the pages and the examples import."""
    root = Path(kansym.__file__).parents[1]
    pages = [root / "README.md", *root.glob("docs/**/*.md"), *root.glob("examples/*.py")]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    pairs = [pair for text in texts for pair in IMPORTED.findall(text)]
    return sorted({f"{module}.{name.split()[0]}" for module, names in pairs for name in names.split(",")})


BEFORE: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def resolved(path: str) -> Any:
    """What a dotted path of modules and names means."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            value = getattr(value, name)
        return value
    raise ModuleNotFoundError(path)


@pytest.mark.parametrize("name", BEFORE.get("names", ()))
def test_a_public_name_has_all_that_it_had(name):
    before, now = BEFORE["names"][name], described(getattr(kansym, name))
    assert name in kansym.__all__
    missing = lost(before.get("parameters", {}), now.get("parameters", {}))
    for attribute, signature in before.get("attributes", {}).items():
        if attribute not in now["attributes"]:
            missing.append(attribute)
        elif signature is not None:
            missing += [f"{attribute}({part})" for part in lost(signature, now["attributes"][attribute] or {})]
    assert not missing, f"{name} has lost {missing}"


def lost(before: dict[str, list[str]], now: dict[str, list[str]]) -> list[str]:
    """Parameters that are gone, or are passed otherwise, or have another default; one that had to be given need not."""
    found = [
        name for name, how in before.items() if now.get(name) != how and not (name in now and how == [now[name][0], ""])
    ]
    by_place = [name for name, how in before.items() if how[0] == "POSITIONAL_OR_KEYWORD"]
    return found or [name for name, other in zip(by_place, now, strict=False) if name != other]


def test_every_command_has_the_options_that_it_had():
    now = commands()
    assert BEFORE["commands"].keys() <= now.keys()
    missing = {command: set(options) - set(now[command]) for command, options in BEFORE["commands"].items()}
    assert not any(missing.values()), missing


@pytest.mark.parametrize("path", sorted({*BEFORE.get("documented", ()), *BEFORE.get("imported", ())}))
def test_a_path_that_was_documented_can_still_be_imported(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert resolved(path) is not None


@pytest.mark.parametrize("path", sorted({*documented(), *imported()}))
def test_the_documentation_names_no_old_place(path):
    assert resolved(path) is not None


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_place_is_the_new_module_with_a_warning(old, new):
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=f"{re.escape(old)} has moved to {re.escape(new)}"):
        module = importlib.import_module(old)
    assert module is importlib.import_module(new) and module.__name__ == new
    assert module.__spec__ is not None and module.__spec__.name == new
    with warnings.catch_warnings():
        # Once.
        warnings.simplefilter("error")
        assert importlib.import_module(old) is module


def test_modules_of_a_package_that_moved_are_not_loaded_twice():
    for name in [name for name in sys.modules if name.startswith("kansym.notebook")]:
        del sys.modules[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = importlib.import_module("kansym.notebook.display")
    assert "kansym.notebook.display has moved to kansym.report.notebook.display" in str(caught[-1].message)
    assert module is importlib.import_module("kansym.report.notebook.display")


@pytest.mark.long
def test_the_warning_points_at_the_import_of_the_user(tmp_path):
    script = tmp_path / "old.py"
    script.write_text("import kansym\nfrom kansym.formula import Formula\nassert Formula is kansym.Formula\n")
    run = subprocess.run([sys.executable, "-W", "always", script], capture_output=True, text=True, check=True)
    assert re.search(r"old.py:2: DeprecationWarning: kansym.formula has moved to kansym.symbolic.formula", run.stderr)


def test_other_names_are_left_alone():
    assert new_name("kansym") is None and new_name("kansym.formulas") is None and new_name("numpy.results") is None
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        importlib.import_module("kansym.nothing")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(surface(), indent=1, ensure_ascii=False) + "\n")


def test_an_argument_may_be_given_by_its_old_name():
    @renamed_arguments(desk="context")
    def function(context: int) -> int:
        return context

    with pytest.warns(DeprecationWarning, match="the argument desk is called context now"):
        assert function(desk=3) == 3
    assert function(context=4) == 4
