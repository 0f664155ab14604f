"""Many tables, one search each: tasks, their rows, and the folder that they come to."""

from kansym.sweeps.folder import Sweep as Sweep
from kansym.sweeps.folder import sweep as sweep
from kansym.sweeps.row import SweepRow as SweepRow
