"""Peers, each run in a process of its own: ``search(request, progress)`` and, where a tool starts slowly, ``prepare``."""
