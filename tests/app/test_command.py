"""`kansym app`: its URL, its end, and what it says where it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from kansym.app import launch, serve
from kansym.cli import main
from kansym.errors import ArgumentError, MissingDependencyError
from kansym.run.storage import load_run

from .conftest import Opened


@contextmanager
def command(*arguments):
    """The command in a process of its own; ended in any case."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kansym", "app", *map(str, arguments), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal")
@pytest.mark.long
def test_prints_its_url_and_ends_with_ctrl_c_also_while_it_works(extra, stored):
    with command(stored) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:") and "token=" in url
        opened = Opened(url, stored)
        assert opened.state()["formula"]
        order = {"version": 0, "action": "fix", "edge": "0.0.0", "primitive": "gaussian"}
        assert opened.json("/api/change", body=order)[0] == 202
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0
        assert err == "" and "Traceback" not in out


def test_the_browser_is_started_with_a_code_that_holds_once(extra, stored, monkeypatch):
    asked = []

    def open_browser(url):
        def ask():
            path = url[url.index("/?") :]
            opened = Opened(urls[0], stored)
            other, first = opened.ask("/?once=guess", token=False), opened.ask(path, token=False)
            asked.extend([other[0], first, opened.ask(path, token=False)[0]])
            os.kill(os.getpid(), signal.SIGINT)

        assert "token" not in url and url.startswith("http://127.0.0.1:")
        threading.Thread(target=ask, daemon=True).start()

    urls = []
    monkeypatch.setattr("webbrowser.open", open_browser)
    serve(load_run(stored), announce=urls.append)
    assert asked[0] == 403 and asked[2] == 403
    status, headers, _ = asked[1]
    assert status == 303 and headers["location"] == f"/?token={Opened(urls[0], stored).token}"


def test_a_missing_package_is_named_with_what_to_install(stored, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert main(["app", str(stored), "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "pip install 'kansym[app]'" in said
    with pytest.raises(MissingDependencyError, match=r"kansym\[app\]"):
        serve(load_run(stored), browser=False)


def test_a_folder_without_a_run_is_an_error(extra, tmp_path, capsys):
    assert main(["app", str(tmp_path), "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "formula.json" in said


def test_a_port_that_cannot_be_had_is_an_error(extra, stored):
    run = load_run(stored)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ArgumentError, match="port"):
            launch(run, port=other.getsockname()[1])
    for port in (-1, 70_000, True, "80"):
        with pytest.raises(ArgumentError, match="port"):
            launch(run, port=port)  # type: ignore[arg-type]


def test_runs_that_cannot_be_edited_are_refused_before_anything_starts(extra, stored):
    run = load_run(stored)
    with pytest.raises(ArgumentError, match="table"):
        launch(replace(run, dataset=None))
    with pytest.raises(ArgumentError, match="start"):
        launch(run, start="nothing")
    with pytest.raises(ArgumentError, match="directory"):
        launch(run, directory=stored / "formula.json")


def test_a_run_without_a_network_gets_one_of_free_curves(extra, stored):
    run = load_run(stored)
    with launch(replace(run, network=None, reading=None)) as app:
        state = Opened(app.url, stored).settled()
    assert [row["mode"] for row in state["edges"]] == ["spline", "spline"]
    assert state["formula"]["text"] == str(run.formula) and "free curves" in state["remark"]


def test_listens_on_this_machine_only_and_gives_the_port_back(extra, stored):
    with launch(load_run(stored)) as app:
        address = Opened(app.url, stored).address
        assert address[0] == "127.0.0.1"
        for other in {"127.0.0.2", _own_address()} - {"127.0.0.1"}:
            with pytest.raises(OSError), socket.create_connection((other, address[1]), timeout=1):
                pass
    app.close()
    with pytest.raises(OSError), socket.create_connection(address, timeout=1):
        pass
    assert not [thread for thread in _threads() if thread.startswith("kansym-app")]


def _own_address() -> str:
    """The address of this machine in its network; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]
