"""Laws of the laboratory with constants of the right size: peaks, lifetimes, resonances, saturation, thresholds, waves.

Every function draws the constants and ranges of one family; which of them are rows is decided in
`kansym.bench.lab_tables`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kansym.bench.dice import Dice


@dataclass(frozen=True)
class Plan:
    """A law before its rows are laid out.

    Attributes
    ----------
    formula : str
        In the names of columns and constants.
    constants : mapping of str to float
        All of them are free in the fit that a formula is measured by.
    ranges : mapping of str to (float, float)
        Of the columns, in their order.
    logarithmic : tuple of str
        Columns that are measured at even steps of their logarithm, where the table's design is even.
    counts : bool
        Whether the target can be a number of counts.
    fewest : int
        Rows that show the law: some on every peak, four in every wave.
    """

    formula: str
    constants: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    logarithmic: tuple[str, ...] = ()
    counts: bool = False
    fewest: int = 7


def rounded(value: float, digits: int = 4) -> float:
    """A constant or end of a range with few digits."""
    return float(f"{value:.{digits}g}")


def plan(
    formula: str,
    ranges: Mapping[str, tuple[float, float]],
    logarithmic: tuple[str, ...] = (),
    counts: bool = False,
    fewest: int = 7,
    **constants: float,
) -> Plan:
    return Plan(
        formula,
        {name: rounded(value) for name, value in constants.items()},
        {name: (rounded(low), rounded(high)) for name, (low, high) in ranges.items()},
        logarithmic,
        counts,
        fewest,
    )


def _axis(dice: Dice) -> tuple[float, float]:
    """A range of energies, angles or channels that a peak lies in."""
    low = dice.pick((0.0, 0.0, 1.0, 20.0, 400.0))
    return low, low + dice.size(max(1.0, low / 20), 200.0)


def peak_on_line(dice: Dice) -> Plan:
    """A Gaussian peak on a straight background."""
    low, high = _axis(dice)
    width, height = high - low, dice.size(30, 3000)
    return plan(
        "A*exp(-(x - m)**2/(2*w**2)) + b + k*x", {"x": (low, high)}, counts=True, fewest=20,
        A=height, m=low + width * dice.between(0.3, 0.7), w=width * dice.between(0.05, 0.15),
        b=height * dice.between(0.1, 0.6), k=height / width * dice.between(0.02, 0.2),
    )  # fmt: skip


def peak_on_decay(dice: Dice) -> Plan:
    """A Lorentzian peak on an exponential background."""
    low, high = 0.0, dice.size(1.0, 200.0)
    height = dice.size(30, 3000)
    return plan(
        "A/(1 + ((x - m)/w)**2) + b*exp(-x/l)", {"x": (low, high)}, counts=True, fewest=25,
        A=height, m=high * dice.between(0.35, 0.7), w=high * dice.between(0.04, 0.12),
        b=height * dice.between(0.3, 1.5), l=high * dice.between(0.25, 0.8),
    )  # fmt: skip


def two_peaks(dice: Dice) -> Plan:
    """Two Gaussian peaks on a flat background."""
    low, high = _axis(dice)
    width, height = high - low, dice.size(50, 3000)
    return plan(
        "A*exp(-((x - m)/w)**2) + B*exp(-((x - n)/v)**2) + b", {"x": (low, high)}, counts=True, fewest=25,
        A=height, m=low + width * dice.between(0.2, 0.4), w=width * dice.between(0.05, 0.12),
        B=height * dice.between(0.3, 1.2), n=low + width * dice.between(0.6, 0.8), v=width * dice.between(0.05, 0.12),
        b=height * dice.between(0.05, 0.4),
    )  # fmt: skip


def two_lifetimes(dice: Dice) -> Plan:
    """Two decays at once."""
    span, size = dice.size(0.5, 500), dice.size(50, 5000)
    return plan(
        "A*exp(-t/s) + B*exp(-t/u)", {"t": (0.0, span)}, counts=True,
        A=size, s=span * dice.between(0.05, 0.12), B=size * dice.between(0.2, 0.8), u=span * dice.between(0.4, 0.9),
    )  # fmt: skip


def decay_on_floor(dice: Dice) -> Plan:
    """A decay towards a background that is not zero."""
    span, size = dice.size(0.5, 500), dice.size(50, 5000)
    return plan(
        "A*exp(-t/s) + b", {"t": (0.0, span)}, counts=True,
        A=size, s=span * dice.between(0.15, 0.4), b=size * dice.between(0.03, 0.3),
    )  # fmt: skip


def grows_and_decays(dice: Dice) -> Plan:
    """A daughter nucleus, or a drug in the blood."""
    span, size = dice.size(0.5, 500), dice.size(0.1, 1000)
    return plan(
        "A*(exp(-t/s) - exp(-t/u))", {"t": (0.02 * span, span)},
        A=size, s=span * dice.between(0.3, 0.8), u=span * dice.between(0.04, 0.15),
    )  # fmt: skip


def resonance(dice: Dice) -> Plan:
    """The amplitude of a driven oscillator."""
    own = dice.size(0.5, 50)
    return plan(
        "F/sqrt((w**2 - f**2)**2 + (g*f)**2)", {"f": (0.2 * own, 2.2 * own)}, fewest=12,
        F=dice.size(0.1, 100) * own**2, w=own, g=own * dice.size(0.08, 0.5),
    )  # fmt: skip


def absorption(dice: Dice) -> Plan:
    """The power that a resonance absorbs, on a flat background."""
    own, size = dice.size(0.5, 50), dice.size(0.5, 500)
    return plan(
        "P*(g*f)**2/((w**2 - f**2)**2 + (g*f)**2) + b", {"f": (0.3 * own, 2.0 * own)}, fewest=12,
        P=size, w=own, g=own * dice.size(0.1, 0.5), b=size * dice.between(0.05, 0.4),
    )  # fmt: skip


def michaelis(dice: Dice) -> Plan:
    """A rate that saturates, and a part that does not."""
    half, rate = dice.size(0.05, 50), dice.size(0.1, 100)
    return plan(
        "V*x/(K + x) + k*x", {"x": (0.05 * half, 12 * half)}, ("x",),
        V=rate, K=half, k=rate / half * dice.between(0.01, 0.05),
    )  # fmt: skip


def hill(dice: Dice) -> Plan:
    """A sigmoid of a concentration."""
    half, top = dice.size(0.05, 50), dice.size(0.1, 100)
    return plan(
        "b + V*x**n/(K**n + x**n)", {"x": (0.05 * half, 20 * half)}, ("x",),
        V=top, K=half, n=dice.between(1.3, 4.0), b=top * dice.between(0.03, 0.3),
    )  # fmt: skip


def inhibition(dice: Dice) -> Plan:
    """A rate that too much of the substrate slows down."""
    half, rate = dice.size(0.05, 50), dice.size(0.1, 100)
    return plan(
        "V*x/(K + x + x**2/L)", {"x": (0.1 * half, 20 * half)}, ("x",), V=rate, K=half, L=half * dice.between(2, 8)
    )


def competition(dice: Dice) -> Plan:
    """A rate with a competitor: two columns."""
    half, other, rate = dice.size(0.05, 50), dice.size(0.05, 50), dice.size(0.1, 100)
    return plan(
        "V*x/(x + K*(1 + y/L))", {"x": (0.2 * half, 8 * half), "y": (0.0, 4 * other)}, ("x",), V=rate, K=half, L=other
    )


def levelling_off(dice: Dice) -> Plan:
    """A magnetisation, or a charge, that levels off."""
    span, top = dice.size(0.5, 200), dice.size(0.1, 500)
    return plan(
        "M*tanh(x/s) + k*x", {"x": (0.02 * span, span)},
        M=top, s=span * dice.between(0.2, 0.5), k=top / span * dice.between(0.1, 0.4),
    )  # fmt: skip


def step(dice: Dice) -> Plan:
    """A smooth threshold between two levels."""
    low, high = _axis(dice)
    width, top = high - low, dice.size(0.5, 500)
    return plan(
        "b + A/(1 + exp((m - x)/w))", {"x": (low, high)}, fewest=9,
        A=top, m=low + width * dice.between(0.3, 0.7), w=width * dice.between(0.04, 0.12),
        b=top * dice.between(0.05, 0.5),
    )  # fmt: skip


def kink(dice: Dice) -> Plan:
    """Nothing below a threshold, a line above: the photoelectric effect."""
    low, high = _axis(dice)
    width, top = high - low, dice.size(0.5, 500)
    return plan(
        "b + k*(x - m + abs(x - m))", {"x": (low, high)},
        k=top / width, m=low + width * dice.between(0.3, 0.6), b=top * dice.between(0.05, 0.3),
    )  # fmt: skip


def diode(dice: Dice) -> Plan:
    """A current that rises exponentially above a voltage, at several temperatures."""
    return plan(
        "I*(exp(q*U/T) - 1)", {"U": (0.05, 0.5), "T": (280.0, 380.0)},
        I=dice.size(1e-3, 1.0), q=dice.between(3000, 6000),
    )  # fmt: skip


def beats(dice: Dice) -> Plan:
    """Two waves of nearly the same frequency."""
    span = dice.size(0.5, 50)
    first = dice.between(20, 40) / span
    return plan(
        "A*sin(w*t) + B*sin(v*t)", {"t": (0.0, span)}, fewest=35,
        A=dice.size(0.2, 20), B=dice.size(0.2, 20), w=first, v=first * dice.between(1.12, 1.3),
    )  # fmt: skip


def damped_wave(dice: Dice) -> Plan:
    """A damped oscillation around an offset."""
    span, size = dice.size(0.5, 50), dice.size(0.2, 200)
    return plan(
        "A*exp(-t/s)*cos(w*t + p) + b", {"t": (0.0, span)}, fewest=20,
        A=size, s=span * dice.between(0.3, 0.8), w=dice.between(10, 30) / span, p=dice.between(0.2, 1.4),
        b=size * dice.between(0.05, 0.5),
    )  # fmt: skip


def fringes(dice: Dice) -> Plan:
    """Light behind two slits of finite width."""
    span, size = dice.size(0.5, 50), dice.size(1, 500)
    wide = dice.between(3.0, 5.5) / span
    return plan(
        "J*cos(k*x)**2*(sin(a*x)/(a*x))**2",
        {"x": (0.01 * span, span)},
        fewest=30,
        J=size,
        k=wide * dice.between(2.2, 4.0),
        a=wide,
    )


def airy(dice: Dice) -> Plan:
    """Light through two mirrors."""
    span, size = dice.size(0.5, 50), dice.size(1, 500)
    return plan(
        "J/(1 + F*sin(k*x + p)**2)", {"x": (0.0, span)}, fewest=20,
        J=size, F=dice.size(1.0, 15.0), k=dice.between(4, 8) / span, p=dice.between(0.2, 1.2),
    )  # fmt: skip


def vogel(dice: Dice) -> Plan:
    """A viscosity near the glass transition."""
    zero = dice.between(120, 220)
    return plan(
        "A*exp(B/(T - C))", {"T": (zero + 90, zero + 270)},
        A=dice.size(1e-3, 1.0), B=dice.between(300, 900), C=zero,
    )  # fmt: skip


def arrhenius_mixture(dice: Dice) -> Plan:
    """A linear and an activated part of a conductivity."""
    size = dice.size(0.1, 10)
    return plan(
        "a + c*T + B*exp(-E/T)", {"T": (200.0, 500.0)},
        a=size, c=size * dice.size(1e-3, 5e-3), B=size * dice.size(50, 500), E=dice.between(1200, 2500),
    )  # fmt: skip


def sellmeier(dice: Dice) -> Plan:
    """An index of refraction."""
    return plan("sqrt(1 + B*l**2/(l**2 - C))", {"l": (0.5, 1.5)}, B=dice.between(0.7, 2.2), C=dice.between(0.006, 0.03))


def curie_weiss(dice: Dice) -> Plan:
    """A magnetisation in a field, above a temperature."""
    zero = dice.between(20, 90)
    return plan("C*H/(T - Q)", {"T": (zero + 70, zero + 250), "H": (0.1, 2.0)}, C=dice.size(0.5, 50), Q=zero)


def real_gas(dice: Dice) -> Plan:
    """Van der Waals' pressure."""
    return plan(
        "R*T/(V - b) - a/V**2", {"V": (0.2, 2.0), "T": (260.0, 420.0)}, ("V",),
        R=0.08314, a=dice.between(1.5, 6.0), b=dice.between(0.03, 0.09),
    )  # fmt: skip


def low_pass(dice: Dice) -> Plan:
    """The voltage behind a filter, for several resistances."""
    corner = dice.size(0.1, 100)
    return plan(
        "U/sqrt(1 + (c*f*R)**2)", {"f": (0.05 * corner, 20 * corner), "R": (1.0, 5.0)}, ("f",),
        U=dice.size(0.5, 50), c=1 / corner,
    )  # fmt: skip


def malus(dice: Dice) -> Plan:
    """Light behind a polariser, with an offset of angle and of light."""
    size = dice.size(1, 2000)
    return plan(
        "J*cos(x - p)**2 + b", {"x": (0.0, 3.1)}, counts=True,
        J=size, p=dice.between(0.2, 1.2), b=size * dice.between(0.03, 0.3),
    )  # fmt: skip


def stretched(dice: Dice) -> Plan:
    """A relaxation that is slower than an exponential."""
    span, size = dice.size(0.5, 500), dice.size(0.1, 100)
    return plan(
        "A*exp(-(t/s)**n) + b", {"t": (0.002 * span, span)}, ("t",),
        A=size, s=span * dice.between(0.05, 0.3), n=dice.between(0.4, 0.8), b=size * dice.between(0.02, 0.2),
    )  # fmt: skip


def doppler(dice: Dice) -> Plan:
    """The frequency of a source that passes by at a distance."""
    span, source = dice.size(1, 10), dice.size(300, 3000)
    return plan(
        "f/(1 + v*(t - m)/sqrt(d**2 + (t - m)**2))", {"t": (0.0, span)}, fewest=12,
        f=source, v=dice.between(0.05, 0.3), m=span * dice.between(0.35, 0.65), d=span * dice.between(0.06, 0.25),
    )  # fmt: skip


def mixing(dice: Dice) -> Plan:
    """A concentration that a flow brings and a reaction takes away: two columns."""
    span, size = dice.size(0.5, 100), dice.size(0.1, 100)
    return plan(
        "A*x*(1 - exp(-t/s)) + b*exp(-t/s)", {"x": (0.2, 3.0), "t": (0.0, span)},
        A=size, s=span * dice.between(0.15, 0.5), b=size * dice.between(0.2, 2.0),
    )  # fmt: skip


FAMILIES: tuple[Callable[[Dice], Plan], ...] = (
    peak_on_line, peak_on_decay, two_peaks, two_lifetimes, decay_on_floor, grows_and_decays, resonance, absorption,
    michaelis, hill, inhibition, competition, levelling_off, step, kink, diode, beats, damped_wave, fringes, airy,
    vogel, arrhenius_mixture, sellmeier, curie_weiss, real_gas, low_pass, malus, stretched, doppler, mixing,
)  # fmt: skip
"""What is drawn from, all with the same probability."""
