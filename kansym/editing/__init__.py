"""Edit the edges of a trained network by hand, with undo, and read the result as a formula.

`kansym.edit` makes an `EditableNetwork`; ``kansym edges`` does the same on the command line.

Two words have one meaning throughout. An edge is *fixed* when its function is chosen: it is a primitive and no longer
a spline. A constant of a fixed edge is *held* when refits leave it at its value, since the user gave that value or
asked for it to stay. The constants that a primitive does not need (a of ``x^2``) are frozen in the network as well, but
do not count as held.
"""
