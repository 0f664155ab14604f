"""Hands on the edges: fix, free, remove and add edges of a network by hand, with undo, and read the result."""

from kansym.editing.edge import Edge as Edge
from kansym.editing.edge import EdgeTable as EdgeTable
from kansym.editing.network import EditableNetwork as EditableNetwork
from kansym.editing.opening import edit as edit
