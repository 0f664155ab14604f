"""How does the period of a planet depend on the size of its orbit?

Nine orbits as published by NASA/JPL, Mercury to Pluto. Kepler's third law of 1619 says period^2 = axis^3.

Run it with ``python examples/kepler.py``; it takes about ten seconds.
"""

from kansym import DiscoveryOptions, discover, load_dataset


def main(seconds: float = 30.0) -> None:
    orbits = load_dataset("kepler")
    discovery = discover(orbits, DiscoveryOptions(max_seconds=seconds))

    print(discovery.formula)
    for constant in discovery.formula.constants:
        print(f"  {constant.name} = {constant.value:.7f} ± {constant.error:.7f}")
    print(f"RMS residual, leave-one-out: {discovery.formula.loss**0.5:.2g} {orbits.y_units}")
    print(discovery.front)


if __name__ == "__main__":
    main()
