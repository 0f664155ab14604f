"""A run of a small fixed network with one wrong edge, an app that shows it, and a browser."""

import http.client
import json
import math
import shutil
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch

from kansym.app import launch
from kansym.data.dataset import make_dataset
from kansym.data.scaling import Scaling
from kansym.kan.network import Network
from kansym.kan.training import train
from kansym.kan.training_options import TrainingOptions
from kansym.primitives import default_library
from kansym.run.storage import load_run, save_run
from kansym.search.baseline import baseline
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery, NetworkReading, TrainedNetwork
from kansym.search.rows import FitRows

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def wrong_by_one_edge() -> Discovery:
    """y = sin(3 x) + t^2, read as atan(x) + t^2: the edge of x is wrong."""
    generator = np.random.default_rng(4)
    x, t = generator.uniform(-1, 1.2, 150), generator.uniform(0.5, 2.0, 150)
    data = make_dataset(np.column_stack([x, t]), np.sin(3 * x) + t**2, names=["x", "t"], target="y")
    scaling = Scaling.fit(data.X, data.y, center_target=False)
    u, v = torch.from_numpy(scaling.scale_inputs(data.X)), torch.from_numpy(scaling.scale_target(data.y))
    start = Network.create((2, 1), grid=8, generator=torch.Generator().manual_seed(0))
    trained = train(start, u, v, TrainingOptions(steps=20))
    symbolic = trained.network.clone()
    library = default_library()
    (half_x, half_t), (middle_x, middle_t) = scaling.half_width, scaling.center
    scale = 1 / scaling.y_scale
    symbolic.set_symbolic(0, 0, 0, library["atan"], a=2 * half_x, b=2 * middle_x, c=scale)
    symbolic.set_symbolic(0, 1, 0, library["x^2"], a=half_t, b=middle_t, c=scale)
    read = train(symbolic, u, v, TrainingOptions(steps=20))
    index = np.arange(data.n_rows)
    bench = FitRows.of(data, index[index % 5 > 0], index[index % 5 == 0], 1e-12)
    front = ParetoFront.from_formulas(baseline(bench, math.inf))
    loss = float(trained.train_loss[0]) * scaling.y_scale**2
    return Discovery(
        front=front,
        formula=front.best,
        network=TrainedNetwork(trained.network, scaling, loss, loss),
        reading=NetworkReading(read.network, trained.network),
        decisions=(),
        dataset=data,
        noise_floor=1e-12,
        seconds=0.1,
        stopped="time is up",
    )


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """The folder of the run; tests copy it."""
    return save_run(wrong_by_one_edge(), tmp_path_factory.mktemp("runs") / "waves")


@dataclass
class Opened:
    """A running app, and what asks it."""

    url: str
    folder: object

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname and parts.port
        return parts.hostname, parts.port

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.url).query)["token"][0]

    def ask(self, path, *, body=None, host=None, token=True, headers=()) -> tuple[int, dict[str, str], bytes]:
        """One request; status, headers and body."""
        connection = http.client.HTTPConnection(*self.address, timeout=120)
        try:
            connection.putrequest("GET" if body is None else "POST", path, skip_host=True)
            connection.putheader("Host", "{}:{}".format(*self.address) if host is None else host)
            sent = dict(headers)
            if token:
                sent.setdefault("X-Kansym-Token", self.token)
            data = b""
            if body is not None:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                sent.setdefault("Content-Type", "application/json")
                sent["Content-Length"] = str(len(data))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, path, **request):
        status, _, data = self.ask(path, **request)
        return status, json.loads(data) if data else None

    def state(self):
        return self.json("/api/state")[1]

    def settled(self, seconds=300.0):
        """The state once nothing is being worked on."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state = self.state()
            if not state["working"] and not state["measuring"]:
                return state
            time.sleep(0.05)
        raise AssertionError(f"still busy after {seconds} s: {state['working']} {state['measuring']}")

    def change(self, action, **more):
        """Ask for a change of the network as it is, and wait for its end."""
        status, answer = self.json("/api/change", body={"version": self.state()["version"], "action": action, **more})
        assert status == 202, answer
        return self.settled()


@pytest.fixture(scope="session")
def extra():
    """For what needs the packages of the extra `app`."""
    for package in ("starlette", "uvicorn"):
        pytest.importorskip(package, reason="the extra `app` is not installed")


@pytest.fixture
def opened(extra, stored, tmp_path):
    """An app on a copy of the run."""
    folder = tmp_path / "waves"
    shutil.copytree(stored, folder)
    with launch(load_run(folder), name="waves", directory=tmp_path) as app:
        yield Opened(app.url, folder)


@pytest.fixture(scope="module")
def shown(extra, stored):
    """An app that tests only look at."""
    with launch(load_run(stored), name="waves", directory=stored.parent) as app:
        yield Opened(app.url, stored)


@pytest.fixture(scope="module")
def fixed(extra, stored, tmp_path_factory):
    """An app whose wrong edge has been put right, with nothing saved yet."""
    folder = tmp_path_factory.mktemp("fixed") / "waves"
    shutil.copytree(stored, folder)
    with launch(load_run(folder), name="waves", directory=folder.parent) as app:
        opened = Opened(app.url, folder)
        opened.change("fix", edge="0.0.0", primitive="sin")
        yield opened
