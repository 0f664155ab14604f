"""What is remembered of a tensor is asked again when the tensor has changed, and only then."""

import gc
import weakref
from dataclasses import replace

import torch

from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, penalise
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


def test_what_else_an_answer_is_about_is_asked_anew():
    tensor = torch.zeros(2)
    assert [remembered("power", tensor, about=n, find=lambda n=n: n) for n in (2, 3, 2)] == [2, 3, 2]
    with torch.inference_mode():
        unversioned = torch.zeros(2)
    assert [remembered("power", unversioned, find=lambda n=n: n) for n in (2, 3)] == [2, 3]


def test_bases_at_the_inputs_are_those_of_the_grids_they_have_now(mixed_network, rows):
    network, x = mixed_network((2, 2, 1)), rows(30, 2)
    found = weakref.ref(network.trace(x, kept=True)[1][1].basis)
    assert network.trace(x, kept=True)[1][1].basis is found()
    coarser = network.with_grid(2)
    moved = network.clone()
    moved.layers[0].center += 0.1
    for other in (network, coarser, moved, network):
        kept, plain = other.trace(x, kept=True), other.trace(x)
        for (there, edges), (here, expected) in zip(kept, plain, strict=True):
            assert torch.equal(there, here) and (edges is None or torch.equal(edges.value, expected.value))
        assert torch.equal(kept[2][1].slope, plain[2][1].slope)
    with_gradient = x.clone().requires_grad_()
    network.trace(with_gradient, kept=True)[-1][0].sum().backward()
    assert bool(with_gradient.grad.any())
    found = weakref.ref(network.trace(x, kept=True)[1][1].basis)
    del x, kept, plain, there, here, edges, expected
    gc.collect()
    assert found() is None


def test_penalties_are_those_of_the_weights_they_have_now(mixed_network, rows):
    network, x = mixed_network((2, 2, 1)), rows(30, 2)
    parameters = ParameterMap.of(network)
    smooth, stiff = PenaltyWeights(smoothness=1e-3), PenaltyWeights(smoothness=1e-2)
    first, again = (penalise(network, x, parameters, smooth).matrix for _ in range(2))
    assert again is first
    for weights in (stiff, smooth):
        anew = penalise(network, x, ParameterMap.of(network), weights)
        found = penalise(network, x, parameters, weights)
        assert torch.equal(found.matrix, anew.matrix) and torch.equal(found.gradient, anew.gradient)
    assert not torch.equal(penalise(network, x, parameters, stiff).matrix, first)
