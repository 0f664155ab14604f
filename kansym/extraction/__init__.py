"""From trained edges to primitives."""

from kansym.extraction.matching import Match as Match
from kansym.extraction.matching import match_edges as match_edges
