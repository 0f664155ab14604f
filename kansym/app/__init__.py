"""A finished run on a local web page, where its edges can be changed by hand: `kansym app DIR`."""

from kansym.app.serving import RunningApp, launch, serve

__all__ = ["RunningApp", "launch", "serve"]
