"""
How fast does an oscillator lose its energy?
============================================

The table is synthetic: a mass on a spring, 200 readings in ten seconds, x = A exp(-t/tau) cos(w t + phi) with
A = 120 mm, tau = 4.2 s, w = 5.3 rad/s and phi = 0.4, and an error of 1 mm for every reading.

Eight oscillations that die away are hard for kansym. A search from nothing does not find them, in this time at least,
and the certificate says so: no closed form found. This is what to do then:

- ``guesses`` takes the textbook's form, without any values, fits it, and says whether the data want less or more than
  that.
- The guess is a formula like any other for the certificate. If the oscillator is not what one thinks, that is said: the
  second table has a weaker second mode, and what the guess leaves there is not noise.

A short or slow record may be found from nothing; ``fit_constants`` gives the constants under their own names.

Run it with ``python examples/damped_oscillator.py``; it takes less than half a minute.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import DiscoveryOptions, certify, discover, fit_constants, make_dataset

FORM = "A*exp(-t/tau)*cos(w*t + phi)"
TRUE = {"A": 120.0, "tau": 4.2, "w": 5.3, "phi": 0.4}
ERROR = 1.0


def table(extra: float = 0.0):
    """Readings in mm; `extra` is the amplitude of a second mode."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, 10, 200)
    x = TRUE["A"] * np.exp(-t / TRUE["tau"]) * np.cos(TRUE["w"] * t + TRUE["phi"]) + extra * np.sin(2.1 * t)
    x += ERROR * rng.normal(size=200)
    return make_dataset(t[:, None], x, names=["t"], target="x", y_error=ERROR, units=["s"], y_units="mm")


def main(seconds: float = 8.0) -> None:
    clean, mixed = table(), table(extra=6.0)

    blind = discover(clean, DiscoveryOptions(max_seconds=seconds))
    print(f"from nothing: {blind.formula}")
    print(f"  verdict: {certify(blind).verdict.kind}")

    guided = discover(clean, DiscoveryOptions(max_seconds=seconds, guesses=(FORM,)))
    assert guided.guess is not None
    print(f"from the textbook's form: {guided.formula}")
    print(f"  {guided.guess.verdict}. {guided.guess.words}")
    print(f"  verdict: {certify(guided).verdict.kind}")

    fit = fit_constants(FORM, clean, start={"w": 5, "tau": 4, "phi": 0})
    for name, value in fit.uncertain.items():
        print(f"  {name} = {value:S}, true {TRUE[name]}")

    wanting = discover(mixed, DiscoveryOptions(max_seconds=seconds, guesses=(FORM,)))
    assert wanting.guess is not None
    print(f"with a second mode in the data: {wanting.formula}")
    print(f"  {wanting.guess.verdict}. {wanting.guess.words}")
    draw(clean, blind.formula, guided.formula)


def draw(dataset, blind, guided) -> None:
    t = np.linspace(0, 10, 1000)[:, None]
    _, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
    axis.errorbar(dataset.X[:, 0], dataset.y, dataset.y_error, fmt=".", ms=3, color="gray", label="readings")
    axis.plot(t, blind.predict(t), lw=1, color="tab:orange", label="from nothing")
    axis.plot(t, guided.predict(t), lw=1.2, color="tab:blue", label="from the textbook's form")
    axis.set(xlabel="t (s)", ylabel="x (mm)", ylim=(-150, 150))
    axis.legend(loc="upper right", ncols=3)


if __name__ == "__main__":
    main()
    plt.show()
