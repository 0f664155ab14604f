"""Several targets of one table: a search each, what one suggests to the others, and what they have in common."""

from kansym.targets.common import Common as Common
from kansym.targets.result import TargetRow as TargetRow
from kansym.targets.result import TargetsDiscovery as TargetsDiscovery
from kansym.targets.search import discover_targets as discover_targets
