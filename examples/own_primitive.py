"""
What if the library lacks the function?
=======================================

The Langevin function coth(z) - 1/z is added with one call. It describes the magnetisation of classical moments in a
field, M = M_s * L(mu B / (k T)). The table is synthetic: 80 fields up to 0.3 T, M_s = 4.46 kA/m, mu / (k T) = 23.7 per
tesla, and noise of 0.1 % of the saturation. The saturation is the coefficient of coth, and mu / (k T) the factor of B
in it.

Run it with ``python examples/own_primitive.py``; it takes some seconds.
"""

import matplotlib.pyplot as plt
import numpy as np
import sympy

from kansym import DiscoveryOptions, default_library, discover, make_dataset, primitive_from_expression


def main(seconds: float = 30.0) -> None:
    z = sympy.Symbol("z")
    langevin = primitive_from_expression("langevin", sympy.coth(z) - 1 / z, complexity=3)
    library = default_library().with_primitive(langevin)

    rng = np.random.default_rng(0)
    field = rng.uniform(-0.3, 0.3, 80)
    exact = 4.46 * (1 / np.tanh(23.7 * field) - 1 / (23.7 * field))
    magnetisation = exact + rng.normal(0, 0.0045, 80)

    dataset = make_dataset(
        field[:, None], magnetisation, names=["B"], target="M", y_error=0.0045, units=["T"], y_units="kA/m"
    )
    discovery = discover(dataset, DiscoveryOptions(max_seconds=seconds, primitives=library))
    print(discovery.formula)
    for constant in discovery.formula.constants:
        print(f"  {constant.name} = {constant.value:.4g} ± {constant.error:.1g}")
    print(discovery.front)

    _, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    # The formula has no value at B = 0 itself; an even number of places steps over it.
    line = np.linspace(-0.3, 0.3, 200)
    axis.plot(field, magnetisation, ".", color="gray", label="readings")
    axis.plot(line, discovery.formula.predict(line[:, None]), label="formula found")
    axis.set(xlabel="B (T)", ylabel="M (kA/m)")
    axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
