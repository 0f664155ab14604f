"""Peers, each run in a process of its own: ``search(request, progress)``, and ``prepare(progress)`` to start up."""
