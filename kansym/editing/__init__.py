"""Hands on the edges: fix, free, remove and add edges of a network by hand, with undo, and read the result.

`kansym.edit` makes an `EditableNetwork`; `kansym edges` is its twin on the command line.
"""
