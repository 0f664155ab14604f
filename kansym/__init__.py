"""kansym: from a table of measurements to a closed-form law, by Kolmogorov-Arnold networks."""

from typing import TYPE_CHECKING

from kansym import _renamed
from kansym._version import __version__ as __version__
from kansym.deferred import deferred_names

if TYPE_CHECKING:
    from kansym.comparison.guesses import guesses_from as guesses_from
    from kansym.comparison.result import Comparison as Comparison
    from kansym.comparison.run import compare as compare
    from kansym.conserved.finding import find_conserved as find_conserved
    from kansym.conserved.quantity import ConservedFound as ConservedFound
    from kansym.conserved.quantity import Quantity as Quantity
    from kansym.data import Dataset as Dataset
    from kansym.data import dataset_names as dataset_names
    from kansym.data import load_dataset as load_dataset
    from kansym.data import make_dataset as make_dataset
    from kansym.data import read_table as read_table
    from kansym.dynamics.discovery import discover_dynamics as discover_dynamics
    from kansym.dynamics.system import System as System
    from kansym.editing.network import EditableNetwork as EditableNetwork
    from kansym.editing.opening import edit as edit
    from kansym.errors import ArgumentError as ArgumentError
    from kansym.errors import DataError as DataError
    from kansym.errors import KansymError as KansymError
    from kansym.estimator.regressor import SymbolicRegressor as SymbolicRegressor
    from kansym.estimator.without_target import ConservedQuantities as ConservedQuantities
    from kansym.estimator.without_target import RelationFinder as RelationFinder
    from kansym.extraction.compiling import kan_from_expression as kan_from_expression
    from kansym.figures.catalogue import figure as figure
    from kansym.fitting.known_form import fit_constants as fit_constants
    from kansym.fitting.result import KnownForm as KnownForm
    from kansym.groups.discovery import discover_groups as discover_groups
    from kansym.groups.folder import load_groups as load_groups
    from kansym.groups.folder import save_groups as save_groups
    from kansym.groups.known_form import fit_constants_by_group as fit_constants_by_group
    from kansym.groups.result import GroupedFormula as GroupedFormula
    from kansym.implicit.finding import find_relations as find_relations
    from kansym.implicit.relation import Relation as Relation
    from kansym.implicit.relation import Relations as Relations
    from kansym.kan.model import KAN as KAN
    from kansym.kan.pykan import import_pykan as import_pykan
    from kansym.primitives import Primitive as Primitive
    from kansym.primitives import PrimitiveLibrary as PrimitiveLibrary
    from kansym.primitives import default_library as default_library
    from kansym.primitives import primitive_from_expression as primitive_from_expression
    from kansym.run.storage import load_run as load_run
    from kansym.run.storage import save_run as save_run
    from kansym.search.discovery import discover as discover
    from kansym.search.front import ParetoFront as ParetoFront
    from kansym.search.options import DiscoveryOptions as DiscoveryOptions
    from kansym.search.results import Discovery as Discovery
    from kansym.structure.interaction import Separability as Separability
    from kansym.structure.interaction import separability as separability
    from kansym.structure.invariance import Symmetry as Symmetry
    from kansym.structure.invariance import symmetries as symmetries
    from kansym.structure.invariance import symmetry as symmetry
    from kansym.sweeps.folder import Sweep as Sweep
    from kansym.sweeps.folder import sweep as sweep
    from kansym.symbolic.formula import Formula as Formula
    from kansym.targets.result import TargetsDiscovery as TargetsDiscovery
    from kansym.targets.search import discover_targets as discover_targets
    from kansym.targets.storage import load_targets as load_targets
    from kansym.targets.storage import save_targets as save_targets
    from kansym.validation.certificate import Certificate as Certificate
    from kansym.validation.certificate import certify as certify


# torch, pandas, sympy and scikit-learn take seconds to import; `kansym --help` needs none of them (PEP 562).
_HOMES = {
    "Comparison": "kansym.comparison.result",
    "compare": "kansym.comparison.run",
    "guesses_from": "kansym.comparison.guesses",
    "DiscoveryOptions": "kansym.search.options",
    "Dataset": "kansym.data",
    "dataset_names": "kansym.data",
    "load_dataset": "kansym.data",
    "make_dataset": "kansym.data",
    "read_table": "kansym.data",
    "Discovery": "kansym.search.results",
    "discover": "kansym.search.discovery",
    "System": "kansym.dynamics.system",
    "discover_dynamics": "kansym.dynamics.discovery",
    "EditableNetwork": "kansym.editing.network",
    "edit": "kansym.editing.opening",
    "Certificate": "kansym.validation.certificate",
    "certify": "kansym.validation.certificate",
    "ArgumentError": "kansym.errors",
    "DataError": "kansym.errors",
    "KansymError": "kansym.errors",
    "SymbolicRegressor": "kansym.estimator.regressor",
    "figure": "kansym.figures.catalogue",
    "kan_from_expression": "kansym.extraction.compiling",
    "KAN": "kansym.kan.model",
    "GroupedFormula": "kansym.groups.result",
    "discover_groups": "kansym.groups.discovery",
    "fit_constants_by_group": "kansym.groups.known_form",
    "load_groups": "kansym.groups.folder",
    "save_groups": "kansym.groups.folder",
    "KnownForm": "kansym.fitting.result",
    "fit_constants": "kansym.fitting.known_form",
    "ConservedFound": "kansym.conserved.quantity",
    "ConservedQuantities": "kansym.estimator.without_target",
    "Quantity": "kansym.conserved.quantity",
    "find_conserved": "kansym.conserved.finding",
    "Relation": "kansym.implicit.relation",
    "RelationFinder": "kansym.estimator.without_target",
    "Relations": "kansym.implicit.relation",
    "find_relations": "kansym.implicit.finding",
    "Separability": "kansym.structure.interaction",
    "separability": "kansym.structure.interaction",
    "Symmetry": "kansym.structure.invariance",
    "symmetries": "kansym.structure.invariance",
    "symmetry": "kansym.structure.invariance",
    "Sweep": "kansym.sweeps.folder",
    "sweep": "kansym.sweeps.folder",
    "import_pykan": "kansym.kan.pykan",
    "Formula": "kansym.symbolic.formula",
    "ParetoFront": "kansym.search.front",
    "Primitive": "kansym.primitives",
    "PrimitiveLibrary": "kansym.primitives",
    "default_library": "kansym.primitives",
    "TargetsDiscovery": "kansym.targets.result",
    "discover_targets": "kansym.targets.search",
    "load_targets": "kansym.targets.storage",
    "save_targets": "kansym.targets.storage",
    "primitive_from_expression": "kansym.primitives",
    "load_run": "kansym.run.storage",
    "save_run": "kansym.run.storage",
}

_renamed.install()

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


__getattr__ = deferred_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
