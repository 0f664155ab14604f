"""What is remembered of a tensor is asked again when the tensor has changed, and only then."""

from dataclasses import replace

import torch

from kansym.kan.network import Network
from kansym.kan.remembered import remembered
from kansym.primitives.library import default_library

LIBRARY = default_library()


def test_a_question_is_asked_once_for_every_state_of_its_tensors():
    asked = []

    def answer(first: torch.Tensor, second: torch.Tensor) -> float:
        def find() -> float:
            asked.append(None)
            return float(first.sum() + second.sum())

        return remembered("sum", first, second, find=find)

    first, second = torch.zeros(2), torch.ones(2)
    assert answer(first, second) == answer(first, second) == 2 and len(asked) == 1
    first[0] = 5.0
    assert answer(first, second) == answer(first, second) == 7 and len(asked) == 2
    second.add_(1)
    assert answer(first, second) == 9 and len(asked) == 3
    # Another tensor is another question, also where the first is the same.
    assert answer(first, torch.zeros(2)) == 5 and answer(first.clone(), second) == 9 and len(asked) == 5
    assert remembered("mean", first, find=lambda: "another") == "another"


def test_a_layer_knows_its_edges_after_every_change():
    network = Network.create((2, 1), population=2, generator=torch.Generator().manual_seed(0))
    layer = network.layers[0]
    assert layer.has_splines and not layer.has_symbolic and layer.placed() == []
    network.set_symbolic(0, 0, 0, LIBRARY["sin"], network=1)
    before = network.clone()
    assert layer.has_splines and layer.has_symbolic
    [(kind, *place)] = layer.placed()
    assert network.primitives[kind].name == "sin" and [one.tolist() for one in place] == [[1], [0], [0]]
    network.set_symbolic(0, 0, 0, LIBRARY["exp"])
    network.set_symbolic(0, 1, 0, LIBRARY["exp"])
    assert not layer.has_splines and network.is_symbolic
    assert [(network.primitives[kind].name, len(place)) for kind, place, *_ in layer.placed()] == [("exp", 4)]
    other = replace(layer, primitive=torch.where(layer.primitive == 1, 0, layer.primitive))
    assert [kind for kind, *_ in other.placed()] == [0] and [kind for kind, *_ in layer.placed()] == [1]
    network.set_off(0, 0, 0)
    network.set_off(0, 1, 0)
    assert not layer.has_symbolic and layer.placed() == []
    assert before.layers[0].has_splines and len(before.layers[0].placed()) == 1
