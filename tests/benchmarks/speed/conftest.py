"""Results of made-up tools, in the form that workers answer."""

import pytest


@pytest.fixture
def traces():
    """A slow tool and a fast one: (wall, CPU, validation RMSE)."""
    slow = [(0.0, 0.0, 1.0), (2.0, 1.0, 0.3), (4.0, 2.0, 0.1), (6.0, 3.0, 0.05), (8.0, 4.0, 0.08)]
    fast = [(0.01, 0.01, 0.9), (0.1, 0.05, 0.1), (0.2, 0.1, 0.04), (0.3, 0.2, 0.01)]
    return slow, fast


@pytest.fixture
def fake_run(traces):
    """Stands in for `benchmarks.speed.worker.run`: answers every job at once with made-up figures."""
    slow, fast = traces

    def run(request):
        for job in request["jobs"]:
            own = request["tool"] == "kansym"
            answer = {"tool": request["tool"], "dtype": request["dtype"], **job}
            if job["kind"] == "training":
                answer["trace"] = fast if own else slow
            else:
                answer |= {"edges": 2, "functions": 40 if own else 20, "right": [True, own]}
                answer |= {"seconds": 0.1 if own else 10.0, "cpu": 0.1 if own else 5.0}
            yield answer

    return run
