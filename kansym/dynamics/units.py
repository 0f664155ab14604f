"""Units of derivatives: those of the state over those of the time."""

from kansym.dynamics.setting import Setting
from kansym.dynamics.trajectories import Trajectories
from kansym.units.naming import quotient


def derivative_units(data: Trajectories, state: int, order: int) -> str | None:
    """The unit of a derivative of a state; None where that of the state or of the time is not known."""
    own, time = data.units.get(data.states[state]), data.units.get(data.time)
    if own is None or time is None:
        return None
    return quotient(own, time, order)


def units_of_grid(setting: Setting) -> dict[str, str | None]:
    """Units of what right-hand sides depend on."""
    data = setting.data
    units = {name: data.units.get(name) for name in setting.names}
    for k, name in enumerate(setting.state_names[len(data.states) :]):
        units[name] = derivative_units(data, k, 1)
    return units
