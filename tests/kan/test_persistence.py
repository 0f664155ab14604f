import json
import os
import pickle
import random
import struct
from dataclasses import replace
from typing import Any

import pytest
import safetensors.torch
import sympy
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kansym.errors import ArgumentError, StorageError
from kansym.kan import persistence
from kansym.kan.network import Network
from kansym.kan.persistence import FILE_NAME, load_network, save_network
from kansym.primitives.library import default_library
from kansym.primitives.primitive import ARGUMENT, Primitive

FIELDS = ("coefficients", "mode", "affine", "frozen", "primitive", "offset", "center", "half_width", "product")
STEP = Primitive(
    "softstep", lambda z, p: z / (1 + z.abs()), lambda z, p: (1 + z.abs()) ** -2, ARGUMENT / (1 + ARGUMENT)
)


def assert_same(one, other):
    assert one.shape == other.shape and one.primitives == other.primitives
    for ours, theirs in zip(one.layers, other.layers, strict=True):
        assert (ours.order, ours.base) == (theirs.order, theirs.base)
        for name in FIELDS:
            left, right = getattr(ours, name), getattr(theirs, name).cpu()
            assert left.dtype == right.dtype and left.device.type == "cpu"
            assert torch.equal(left, right)
            if left.is_floating_point():  # also the sign of zero
                assert torch.equal(torch.signbit(left), torch.signbit(right))


def split(data):
    """Header and tensor bytes of a safetensors file."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(header, body):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


@pytest.fixture
def saved(tmp_path, mixed_network):
    return save_network(mixed_network((2, (1, 1), 1)), tmp_path / "network.safetensors", metadata={"note": "x"})


def with_record(path, **changes):
    """Rewrite the JSON record of a file."""
    header, body = split(path.read_bytes())
    record = json.loads(header["__metadata__"]["kansym"])
    header["__metadata__"]["kansym"] = json.dumps({**record, **changes})
    path.write_bytes(join(header, body))


def with_tensors(path, change):
    """Rewrite the tensors of a file, its record left as it is."""
    data = path.read_bytes()
    tensors = safetensors.torch.load(data)
    change(tensors)
    path.write_bytes(safetensors.torch.save(tensors, split(data)[0]["__metadata__"]))


def refused(path, match=None, library=None):
    with pytest.raises(StorageError, match=match) as caught:
        load_network(path, library=library)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000


WIDTHS = st.one_of(st.integers(1, 3), st.tuples(st.integers(0, 2), st.integers(0, 2)).filter(sum))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.lists(WIDTHS, min_size=2, max_size=4).map(tuple),
    grid=st.integers(1, 9),
    population=st.integers(1, 3),
    single=st.booleans(),
    seed=st.integers(0, 10**6),
    metadata=st.dictionaries(st.text(), JSON, max_size=3),
)
def test_round_trip_is_bit_equal(tmp_path, mixed_network, shape, grid, population, single, seed, metadata):
    network = mixed_network(shape, grid=grid, population=population, seed=seed)
    network.layers[0].coefficients[0, 0, 0, 0] = -0.0
    network = network.to(dtype=torch.float32) if single else network
    path = save_network(network, tmp_path / "n.safetensors", metadata=metadata)
    again, found = load_network(path)
    assert_same(again, network)
    assert found == metadata


def test_outputs_survive(saved, mixed_network, rows):
    assert torch.equal(load_network(saved)[0](rows(20, 2)), mixed_network((2, (1, 1), 1))(rows(20, 2)))


def test_files_of_version_1_are_read(saved, mixed_network):
    header, body = split(saved.read_bytes())
    record = json.loads(header["__metadata__"]["kansym"])
    del record["layers"]  # version 1 knew one kind of layer
    header["__metadata__"]["kansym"] = json.dumps({**record, "schema": 1})
    saved.write_bytes(join(header, body))
    assert_same(load_network(saved)[0], mixed_network((2, (1, 1), 1)))


def test_the_same_network_gives_the_same_bytes(tmp_path, mixed_network):
    one = save_network(mixed_network((2, 2, 1)), tmp_path / "a", metadata={"b": 1, "a": [2]})
    other = save_network(mixed_network((2, 2, 1)), tmp_path / "b", metadata={"b": 1, "a": [2]})
    assert one.read_bytes() == other.read_bytes()


def test_a_directory_gets_the_usual_file_and_missing_folders_are_made(tmp_path, plain_network):
    network = plain_network((2, 1))
    assert save_network(network, tmp_path) == tmp_path / FILE_NAME
    assert_same(load_network(tmp_path)[0], network)
    assert save_network(network, tmp_path / "new" / "folder" / "n.safetensors").is_file()


def test_an_older_file_is_replaced_whole(saved, plain_network, monkeypatch):
    before = saved.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        save_network(plain_network((2, 1)), saved)
    assert saved.read_bytes() == before and list(saved.parent.iterdir()) == [saved]


def test_loaded_networks_can_be_changed_and_the_file_stays(saved):
    before = saved.read_bytes()
    network, _ = load_network(saved)
    network.layers[0].coefficients.add_(1.0)
    network.set_off(0, 0, 0)
    network.layers[0].frozen.fill_(False)
    assert saved.read_bytes() == before
    assert not torch.equal(load_network(saved)[0].layers[0].coefficients, network.layers[0].coefficients)


class TestPrimitives:
    @pytest.fixture
    def path(self, tmp_path, plain_network):
        network = plain_network((2, 1))
        network.set_symbolic(0, 0, 0, STEP)
        network.set_symbolic(0, 1, 0, default_library()["sin"])
        return save_network(network, tmp_path / "n.safetensors")

    def test_users_primitives_are_found_in_the_library_given(self, path, rows):
        network, _ = load_network(path, library=default_library().with_primitive(STEP))
        assert [primitive.name for primitive in network.primitives] == ["softstep", "sin"]
        x = rows(10, 2)
        assert_allclose(network(x)[0, :, 0], x[:, 0] / (1 + x[:, 0].abs()) + torch.sin(x[:, 1]), rtol=1e-14)

    def test_a_missing_primitive_is_named(self, path):
        refused(path, match=r"'softstep', 'z/\(z \+ 1\)', which is not in the library: pass library=")

    def test_another_function_of_the_same_name_is_noticed(self, path):
        other = replace(STEP, function=lambda z, p: z / (1 + z**2), expression=sympy.Symbol("other"))
        refused(path, match="'softstep' for .*it is 'other'", library=default_library().with_primitive(other))

    def test_every_built_in_primitive_is_recognised(self, tmp_path, plain_network):
        network = plain_network((1, 1)).with_primitives(tuple(default_library().values()))
        assert load_network(save_network(network, tmp_path))[0].primitives == network.primitives


class TestSaveRefuses:
    @pytest.mark.parametrize("value", [float("nan"), {1, 2}, object(), b"bytes", torch.zeros(1)])
    def test_metadata_that_are_not_json(self, value, tmp_path, plain_network):
        with pytest.raises(ArgumentError, match="metadata"):
            save_network(plain_network((2, 1)), tmp_path / "n", metadata={"key": value})
        assert not list(tmp_path.iterdir())

    def test_metadata_that_are_too_long(self, tmp_path, plain_network):
        with pytest.raises(ArgumentError, match="too large"):
            save_network(plain_network((2, 1)), tmp_path / "n", metadata={"key": "x" * persistence.MAX_HEADER_BYTES})

    def test_networks_that_are_not_finite(self, tmp_path, plain_network):
        network = plain_network((2, 1))
        network.layers[0].coefficients[1, 0, 0, 2] = float("nan")
        with pytest.raises(ArgumentError, match="coefficients is not finite in layer 0"):
            save_network(network, tmp_path / "n")

    def test_half_precision(self, tmp_path, plain_network):
        with pytest.raises(ArgumentError, match="float16"):
            save_network(plain_network((2, 1)).to(dtype=torch.float16), tmp_path / "n")


class TestDamage:
    def test_every_truncation_is_refused(self, saved):
        data = saved.read_bytes()
        generator = random.Random(0)
        for length in {*range(12), *(generator.randrange(len(data)) for _ in range(60)), len(data) - 1}:
            saved.write_bytes(data[:length])
            refused(saved)

    def test_trailing_bytes_are_refused(self, saved):
        saved.write_bytes(saved.read_bytes() + b"\0" * 8)
        refused(saved)

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
    def test_flipped_bytes_are_refused_or_harmless(self, saved, mixed_network, flips):
        path = saved.with_name("flipped")
        data = bytearray(saved.read_bytes())
        for place, byte in flips:
            data[int(place * len(data))] = byte
        path.write_bytes(bytes(data))
        try:
            network, _ = load_network(path)
        except StorageError:
            return
        # What is read is a network all the same: of finite numbers, and with outputs of the right shape.
        assert all(torch.isfinite(layer.coefficients).all() for layer in network.layers)
        assert network(torch.zeros(3, 2, dtype=network.dtype)).shape == (3, 3, 1)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(header=st.binary(max_size=80), body=st.binary(max_size=40))
    def test_noise_is_refused(self, tmp_path, header, body):
        path = tmp_path / "noise"
        for data in (header + body, join(header, body)):
            path.write_bytes(data)
            refused(path)

    @pytest.mark.parametrize("length", [0, 1, 2**20 + 1, 2**31, 2**63, 2**64 - 1])
    def test_header_lengths_that_do_not_fit(self, saved, length):
        saved.write_bytes(struct.pack("<Q", length) + saved.read_bytes()[8:])
        refused(saved)

    def test_foreign_files(self, tmp_path, plain_network):
        path = tmp_path / "foreign"
        path.write_bytes(pickle.dumps({"a": 1}))
        refused(path, match="not a network file")
        torch.save({"a": torch.zeros(3)}, path)
        refused(path)
        path.write_bytes(safetensors.torch.save({"a": torch.zeros(3)}))
        refused(path, match="not a kansym network file")

    def test_pickled_code_does_not_run(self, tmp_path):
        marker = tmp_path / "marker"

        class Payload:
            def __reduce__(self):
                return os.mkdir, (str(marker),)

        path = tmp_path / "n.safetensors"
        torch.save(Payload(), path)
        refused(path)
        path.write_bytes(pickle.dumps(Payload()))
        refused(path)
        assert not marker.exists()

    def test_missing_files_and_folders(self, tmp_path):
        refused(tmp_path / "nothing", match="there is no file")
        refused(tmp_path, match="there is no file")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
    def test_a_named_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        refused(tmp_path / "pipe", match="not a file")

    def test_huge_files_are_not_read(self, tmp_path):
        path = tmp_path / "huge"
        with path.open("wb") as stream:
            stream.write(struct.pack("<Q", 100))
            stream.truncate(2**40)
        refused(path, match="size")


class TestHostileRecords:
    @pytest.mark.parametrize("schema", [0, 3, True, "1", None, [1], 1.0, 1.5, 10**400])
    def test_other_schemas(self, saved, schema):
        with_record(saved, schema=schema)
        refused(saved, match="schema|header")

    @pytest.mark.parametrize(
        "shape",
        [None, [], [2], [2, 0], [2, -1, 1], "212", [2, [1, 1, 1], 1], [2, [0, 0], 1], [2.0, [1, 1], 1],
         [True, [1, 1], 1],
         [2, [1, 1], 10**30], [3, [1, 1], 1], [2, [2, 0], 1], [2, 2, 1], [2, [1, 1], 1, 1], [10**9, 10**9, 10**9]],
    )  # fmt: skip
    def test_other_shapes(self, saved, shape):
        with_record(saved, shape=shape)
        refused(saved)

    @pytest.mark.parametrize("dtype", ["float32", "float16", None, 3, "os.system"])
    def test_other_dtypes(self, saved, dtype):
        with_record(saved, dtype=dtype)
        refused(saved, match="record says")

    @pytest.mark.parametrize(
        "primitives",
        [None, {}, [1], [{}], [{"name": 3}], [{"name": "sin"}], [{"name": "sin", "values": [1, 2, 3, 4, 5]}],
         [{"name": "sin", "values": [10**400] * 5}], [{"name": "x" * 10**5}],
         [{"name": "a\nb", "expression": "c\n" * 999}]],
    )  # fmt: skip
    def test_other_primitives(self, saved, primitives):
        with_record(saved, primitives=primitives)
        refused(saved)

    @pytest.mark.parametrize(
        "change",
        [{"order": 0}, {"order": 6}, {"order": 10**400}, {"order": True}, {"order": 3.0}, {"base": "relu"}, {"base": 3},
         {"base": "silu"}, {"train_offsets": 1}, {"uneven": True}, {"uneven": None}, {"more": 1}],
    )  # fmt: skip
    def test_other_settings_of_a_layer(self, saved, change):
        right = {"order": 3, "base": "none", "train_offsets": False, "uneven": False}
        with_record(saved, layers=[right, {**right, **change}])
        if change == {"base": "silu"}:  # the last coefficient of every spline, taken for the weight of the base
            assert load_network(saved)[0].layers[1].grid == 3
            return
        refused(saved)

    @pytest.mark.parametrize("layers", [None, {}, [], [{}], [{}, {}], [None, None], 3])
    def test_no_settings(self, saved, layers):
        with_record(saved, layers=layers)
        refused(saved, match="settings")

    def test_knots_that_do_not_ascend(self, tmp_path, plain_network):
        network = plain_network((2, 1), grid=2)
        network.layers[0].knots = torch.tensor([-1.0, 0.5, 1.0], dtype=torch.float64).expand(2, 2, 3).clone()
        path = save_network(network, tmp_path / "n")
        assert torch.equal(load_network(path)[0].layers[0].knots, network.layers[0].knots)
        for ends in ([-1.0, 1.5, 1.0], [-1.0, -1.0, 1.0], [-1.0, float("nan"), 1.0]):
            with_tensors(
                path, _swap("0.knots", lambda t, ends=ends: torch.tensor(ends).double().expand(2, 2, 3).clone())
            )
            refused(path, match="knots do not ascend")

    def test_too_few_primitives(self, saved):
        with_record(saved, primitives=[])
        refused(saved, match="a primitive that is not there")

    @pytest.mark.parametrize("metadata", [None, [], "text", 3])
    def test_metadata_that_are_no_object(self, saved, metadata):
        with_record(saved, metadata=metadata)
        refused(saved)

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "3", "{", "null", "[" * 10**5, '{"a":' * 10**5, "9" * 10**5, '{"schema": NaN, "metadata": {}}'],
    )
    def test_records_that_are_not_ours(self, saved, text):
        header, body = split(saved.read_bytes())
        header["__metadata__"]["kansym"] = text
        saved.write_bytes(join(header, body))
        refused(saved)

    @pytest.mark.parametrize("header", [b"[]", b"3", b'"text"', b"{}", b"[" * 10**5, b'{"a":' * 10**5, b"\xff\xfe{}"])
    def test_headers_that_are_not_ours(self, saved, header):
        saved.write_bytes(join(header, split(saved.read_bytes())[1]))
        refused(saved)

    @pytest.mark.parametrize(
        "entry",
        [
            {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8 * 10**12]},
            {"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 0]},
            {"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]},
            {"dtype": "F64", "shape": [3], "data_offsets": [8, 0]},
            {"dtype": "OBJECT", "shape": [1], "data_offsets": [0, 8]},
            {"dtype": "F64", "shape": [0, 2**60], "data_offsets": [0, 0]},
            {},
            None,
        ],
    )
    def test_tensors_that_claim_what_is_not_there(self, saved, entry):
        header, body = split(saved.read_bytes())
        header["0.coefficients"] = entry
        saved.write_bytes(join(header, body))
        refused(saved)

    def test_very_many_layers(self, saved):
        with_record(saved, shape=[1] * 10**5)
        refused(saved)


def _set(name, value, index: Any = ...):
    def change(tensors):
        tensors[name][index] = value

    return change


def _swap(name, new):
    def change(tensors):
        tensors[name] = new(tensors[name])

    return change


class TestHostileTensors:
    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (_set("0.coefficients", float("nan"), (0, 0, 0, 0)), "finite"),
            (_set("1.affine", float("inf"), (0, 0, 0, 1)), "finite"),
            (_set("1.half_width", 0.0), "half_width"),
            (_set("1.half_width", -1.0), "half_width"),
            (_set("0.mode", 4, (0, 0, 0)), "mode"),
            (_set("0.mode", -1, (0, 0, 0)), "mode"),
            (_set("0.mode", 2), "primitive"),
            (_set("0.primitive", 10**9), "primitive"),
            (_set("0.primitive", -2), "primitive"),
            (_set("0.primitive", -(2**63)), "primitive"),
            (_set("0.frozen", 2), "frozen"),
            (_set("0.product", 255), "product"),
            (_set("0.product", 0), "product"),
            (_set("1.product", 1), "product"),
            (_swap("0.coefficients", lambda t: t[..., :3].contiguous()), "coefficients"),
            (_swap("0.coefficients", lambda t: t[..., 0].contiguous()), "coefficients"),
            (_swap("0.coefficients", lambda t: t.sum()), "coefficients|numbers"),
            (_swap("1.coefficients", lambda t: t.float()), "coefficients"),
            (_swap("0.coefficients", lambda t: t.to(torch.complex64)), "complex64"),
            (_swap("0.coefficients", lambda t: t.long()), "int64"),
            (_swap("0.mode", lambda t: t.double()), "mode"),
            (_swap("0.mode", lambda t: t.sum().to(torch.int8)), "no network"),
            (_swap("0.mode", lambda t: t[:0].contiguous()), "no network"),
            (_swap("0.frozen", lambda t: t.bool()), "frozen"),
            (_swap("0.frozen", lambda t: t[..., :4].contiguous()), "frozen"),
            (_swap("1.offset", lambda t: t[:1].contiguous()), "offset"),
            (_swap("0.center", lambda t: t.T.contiguous()), "center"),
            (lambda tensors: tensors.pop("1.offset"), "its 17 tensors"),
            (lambda tensors: tensors.update({"2.offset": torch.zeros(1)}), "its 19 tensors"),
            (lambda tensors: tensors.update({"__class__": torch.zeros(1)}), "its 19 tensors"),
            (lambda tensors: tensors.update({"2.offset": tensors.pop("1.offset")}), "its 18 tensors"),
        ],
    )
    def test_is_refused(self, saved, change, match):
        with_tensors(saved, change)
        refused(saved, match=match)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_networks_on_a_cuda_device_are_stored_all_the_same(tmp_path, mixed_network):
    network: Network = mixed_network((2, (1, 1), 1))
    assert_same(load_network(save_network(network.to("cuda"), tmp_path))[0], network)
