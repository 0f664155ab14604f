"""A finished run on a local web page, where its edges can be changed by hand: `kansym app DIR`."""

from kansym.app.serving import RunningApp, serve, start

__all__ = ["RunningApp", "serve", "start"]
