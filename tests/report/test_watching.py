"""Films of training, and the live picture of a notebook."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.animation import FFMpegWriter
from matplotlib.figure import Figure
from PIL import Image

from kansym import KAN, ArgumentError
from kansym.kan import Network
from kansym.report.watching import INTERVAL, LAST, MOST_FRAMES, Film, Live, watcher

NETWORK = Network.create((1, 1), generator=torch.Generator().manual_seed(0))


def drawn(network: Network) -> Figure:
    figure = Figure(figsize=(1, 0.5))
    figure.add_subplot()
    return figure


def test_a_film_has_a_frame_for_each_step(tmp_path):
    film = watcher(tmp_path / "one.gif", drawn)
    for step in range(5):
        film.show(NETWORK, step, 1.0 / (step + 1))
    film.done()
    with Image.open(tmp_path / "one.gif") as image:
        # Pillow joins frames that are the same, as those at the end.
        assert 5 <= getattr(image, "n_frames", 0) <= 5 + LAST
        assert image.size == (96, 48)


def test_long_fits_are_thinned_and_end_with_the_last():
    film = Film(Path("unused.gif"), drawn)
    for step in range(10 * MOST_FRAMES):
        film.show(NETWORK, step, 1.0)
    steps = [step for _, step, _ in film.frames]
    assert MOST_FRAMES / 2 <= len(steps) <= MOST_FRAMES
    assert len(set(np.diff(steps))) == 1
    assert film.last == (NETWORK, 10 * MOST_FRAMES - 1, 1.0)


def test_smaller_figures_stand_in_the_middle(tmp_path):
    sizes = iter([(2, 1), (1, 0.5)])

    def shrinking(network):
        figure = Figure(figsize=next(sizes), facecolor="black")
        return figure

    film = Film(tmp_path / "two.gif", shrinking)
    film.show(NETWORK, 0, 1.0)
    film.show(NETWORK, 1, 1.0)
    film.done()
    with Image.open(tmp_path / "two.gif") as image:
        image.seek(1)
        picture = np.array(image.convert("L"))
    assert picture.shape == (96, 192)
    assert picture[48, 96] < 50
    assert picture[48, 10] > 200


def test_without_a_step_nothing_is_written(tmp_path):
    Film(tmp_path / "none.gif", drawn).done()
    assert not list(tmp_path.iterdir())


class Screen:
    """Outputs of a notebook."""

    def __init__(self) -> None:
        self.shown: list[dict] = []

    def __call__(self, shown: dict) -> "Screen":
        self.shown.append(shown)
        return self

    update = __call__


def test_a_notebook_is_not_flooded():
    screen, now = Screen(), [0.0]
    live = Live(drawn, display=screen, clock=lambda: now[0])
    for step in range(10):
        live.show(NETWORK, step, 0.5)
        now[0] += INTERVAL / 5
    live.done()
    assert [shown["text/plain"] for shown in screen.shown] == ["step 0, 0.5", "step 5, 0.5", "step 9, 0.5"]
    assert all(shown["image/png"].startswith(b"\x89PNG") for shown in screen.shown)


def test_a_fit_is_filmed_and_the_same_as_without(tmp_path):
    X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    y = X[:, 0] ** 2 + X[:, 1]
    plain = KAN([2, 1], seed=1).fit(X, y, steps=4, starts=2)
    filmed = KAN([2, 1], seed=1).fit(X, y, steps=4, starts=2, watch=tmp_path / "fit.gif")
    assert np.array_equal(plain.predict(X), filmed.predict(X))
    assert (tmp_path / "fit.gif").stat().st_size > 0


def test_what_is_wrong_is_said_before_training(tmp_path, monkeypatch):
    net, X = KAN([1, 1]), np.linspace(0, 1, 30)[:, None]
    for watch, words in (("film.avi", r"\.gif or \.mp4, got 'film\.avi'"), (tmp_path / "no" / "film.gif", "no folder")):
        with pytest.raises(ArgumentError, match=words):
            net.fit(X, X[:, 0] ** 2, watch=watch)
    monkeypatch.setattr(FFMpegWriter, "isAvailable", classmethod(lambda cls: False))
    with pytest.raises(ArgumentError, match="ffmpeg"):
        net.fit(X, X[:, 0] ** 2, watch="film.mp4")
    assert net.history.empty
