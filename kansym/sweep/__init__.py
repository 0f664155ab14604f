"""Many tables, one search each: tasks, their rows, and the folder that they come to."""

from kansym.sweep.folder import Sweep as Sweep
from kansym.sweep.folder import sweep as sweep
from kansym.sweep.row import SweepRow as SweepRow
