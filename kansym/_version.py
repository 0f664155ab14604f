"""The version, on the ground floor, where files that are written find it without the package around them."""

__version__ = "0.1.0"
