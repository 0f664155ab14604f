"""
How long does it live?
======================

Lifetime and background of a decay that was measured with 5 % noise. The table is synthetic, so the true constants are
known: 100 readings of 8 * exp(-t / 2.5) + 1, each with a standard
error of 5 % of its value. The errors are given to the search, as for a measured table.

Run it with ``python examples/noisy_decay.py``; it takes some seconds.
"""

import matplotlib.pyplot as plt
import numpy as np

from kansym import SymbolicRegressor


def main(seconds: float = 30.0) -> None:
    rng = np.random.default_rng(1)
    t = np.sort(rng.uniform(0, 10, 100))
    exact = 8 * np.exp(-t / 2.5) + 1
    error = 0.05 * exact
    signal = exact + error * rng.normal(size=100)

    model = SymbolicRegressor(max_seconds=seconds)
    model.fit(t[:, None], signal, variable_names=["t"], y_error=error)
    print(model.formula_)
    for constant in model.formula_.constants:
        print(f"  {constant.name} = {constant.value:.3f} ± {constant.error:.3f}")
    print("true: 1, 8 and -1/2.5 = -0.4")
    print(model.equations_[["complexity", "loss", "equation", "picked"]].to_string(index=False))

    _, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    line = np.linspace(0, 10, 200)
    axis.errorbar(t, signal, error, fmt=".", color="gray", label="readings")
    axis.plot(line, model.predict(line[:, None]), label=str(model.formula_))
    axis.set(xlabel="t", ylabel="y")
    axis.legend()


if __name__ == "__main__":
    main()
    plt.show()
