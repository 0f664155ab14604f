"""A network of one as a torch module: what is trained as parameters, all else as buffers."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from torch import Tensor, nn

from kansym.deferred import torch
from kansym.errors import ArgumentError
from kansym.kan.layer import Layer
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, penalty_value


def trained_tensors(network: Network) -> list[dict[str, Tensor]]:
    """For every layer the tensors that training moves, each with the entries that it moves."""
    parameters = ParameterMap.of(network)
    found: list[dict[str, Tensor]] = [{} for _ in network.layers]
    for block in parameters.blocks:
        shape = getattr(network.layers[block.layer], block.kind).shape
        found[block.layer][block.kind] = parameters.active[:, block.start : block.stop].reshape(shape)
    return found


class LayerModule(nn.Module):
    """The tensors of one layer.

    Parameters
    ----------
    layer : Layer
    trained : mapping of str to Tensor
        As of `trained_tensors`.
    """

    def __init__(self, layer: Layer, trained: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.adopt(layer, trained)

    def adopt(self, layer: Layer, trained: Mapping[str, Tensor]) -> None:
        """Take the values of a layer: into the tensors that are there where they fit, so that optimizers keep them."""
        self._others = {}
        for field in fields(layer):
            value = getattr(layer, field.name)
            if not isinstance(value, Tensor):
                if field.name in self._parameters or field.name in self._buffers:
                    delattr(self, field.name)
                self._others[field.name] = value
                continue
            self._put(field.name, value.detach(), field.name in trained)
            # An entry that is off or held gets no gradient; where all are trained nothing has to be cut.
            mask = trained.get(field.name)
            held = None if mask is None or bool(mask.all()) else mask.clone()
            self.register_buffer(f"{field.name}_trained", held, persistent=False)

    def _put(self, name: str, value: Tensor, trained: bool) -> None:
        present: Tensor | None = getattr(self, name, None)
        if present is not None:
            alike = (present.shape, present.dtype, present.device) == (value.shape, value.dtype, value.device)
            if alike and isinstance(present, nn.Parameter) == trained:
                with torch.no_grad():
                    present.copy_(value)
                return
            delattr(self, name)
        if trained:
            self.register_parameter(name, nn.Parameter(value.clone()))
        else:
            self.register_buffer(name, value.clone())

    def layer(self) -> Layer:
        """The layer with the parameters themselves, for automatic differentiation."""
        values = dict(self._others)
        for field in fields(Layer):
            if field.name in values:
                continue
            value = getattr(self, field.name)
            mask = getattr(self, f"{field.name}_trained")
            values[field.name] = value if mask is None else torch.where(mask, value, value.detach())
        return Layer(**values)


class ScaledModule(nn.Module):
    """A network of one that reads inputs and gives outputs in the user's units.

    Parameters
    ----------
    network : Network
        Population 1.
    """

    x_center: Tensor
    x_half_width: Tensor
    y_scale: Tensor

    def __init__(self, network: Network) -> None:
        super().__init__()
        options = {"dtype": network.dtype, "device": network.device}
        self.register_buffer("x_center", torch.zeros(network.n_inputs, **options))
        self.register_buffer("x_half_width", torch.ones(network.n_inputs, **options))
        self.register_buffer("y_scale", torch.ones(network.n_outputs, **options))
        self._adopt(network)
        self.register_load_state_dict_post_hook(_settle)

    # -- the network -------------------------------------------------------------------------------------------------

    def _adopt(self, network: Network) -> None:
        """Become another network, of any shape, which reads and gives scaled numbers."""
        network = network.to(self.x_center.device, self.x_center.dtype)
        trained = trained_tensors(network)
        self.shape, self.primitives = network.shape, network.primitives
        present: list[Any] = list(self.layers) if "layers" in self._modules else []
        if len(present) != len(network.layers):
            self.layers = nn.ModuleList(map(LayerModule, network.layers, trained))
            return
        for module, layer, moved in zip(present, network.layers, trained, strict=True):
            module.adopt(layer, moved)

    def _live(self) -> Network:
        """The network with the parameters themselves."""
        modules: Any = self.layers
        return Network(self.shape, [module.layer() for module in modules], self.primitives)

    @property
    def network(self) -> Network:
        """A copy of the network as the rest of kansym takes it: population 1, scaled units, no gradients."""
        with torch.no_grad():
            return self._live().to(self.device, self.dtype)

    @property
    def n_inputs(self) -> int:
        return len(self.x_center)

    @property
    def n_outputs(self) -> int:
        return len(self.y_scale)

    @property
    def device(self) -> torch.device:
        return self.x_center.device

    @property
    def dtype(self) -> torch.dtype:
        return self.x_center.dtype

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (..., n_outputs), of inputs of shape (..., n_inputs), both in the user's units.

        Raises
        ------
        ArgumentError
            If `x` is no tensor or has another number of columns.
        """
        if not isinstance(x, Tensor):
            raise ArgumentError(f"x must be a tensor, got {type(x).__name__}; predict(X) takes arrays and tables")
        if x.ndim < 1 or x.shape[-1] != self.n_inputs:
            raise ArgumentError(
                f"x must have shape (..., {self.n_inputs}), one column for each input, got {tuple(x.shape)}"
            )
        flat = x.reshape(-1, self.n_inputs).to(self.dtype)
        found = self._live()((flat - self.x_center) / self.x_half_width)[0] * self.y_scale
        return found.reshape(*x.shape[:-1], self.n_outputs)

    def penalty(
        self, X: Tensor, lamb: float = 1e-2, *, lamb_l1: float = 1.0, lamb_entropy: float = 2.0, smoothness: float = 0.0
    ) -> Tensor:
        """Sparsity and roughness as a differentiable number, to be added to a loss of your own.

        Parameters
        ----------
        X : Tensor, shape (n, n_inputs)
            Rows over which the spread of edges is taken; 512 are used.
        lamb, lamb_l1, lamb_entropy, smoothness : float
            As in `fit`, relative to a loss in squared units of the spread of the target.
        """
        weights = PenaltyWeights(smoothness, 0.0, lamb, lamb_l1, lamb_entropy)
        return penalty_value(self._live(), (X.to(self.dtype) - self.x_center) / self.x_half_width, weights)[0]


def _settle(module: nn.Module, keys: object) -> None:
    """After a state was loaded: edges that became primitives have constants to train, others have none."""
    del keys
    assert isinstance(module, ScaledModule)
    module._adopt(module.network)
