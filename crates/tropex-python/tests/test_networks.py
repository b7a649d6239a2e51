import copy
import json
import pickle

import numpy as np
import pytest

import onnx_bytes
import tropex


def read_safetensors(path):
    """The arrays of a safetensors file, by name."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    dtypes = {"F32": np.float32, "F64": np.float64, "I64": np.int64}

    def array(entry):
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        return np.frombuffer(content[start:end], dtypes[entry["dtype"]]).reshape(entry["shape"])

    return {name: array(entry) for name, entry in header.items()}


@pytest.mark.parametrize("name", ["mlp", "channels_last", "double", "external", "half", "baked"])
def test_terms_give_the_logits_of_onnxruntime(models, name):
    expected = read_safetensors(models / "expected.safetensors")
    points, logits = expected[f"{name}.points"], expected[f"{name}.output"]
    net = tropex.load(models / f"{name}.onnx")
    assert net.input_shape == points.shape[1:] and net.classes == logits.shape[1]
    terms = net.linear_terms(points, classes="all", precision="f64")
    flat = (terms.coefficients * points[:, None]).reshape(*logits.shape, -1)
    found = flat.sum(axis=-1) + terms.bias
    np.testing.assert_allclose(found, logits, atol=8e-3 if name == "half" else 1e-5)


def test_a_network_says_what_it_is(net):
    assert net.input_shape == (6,) and net.classes == 4 and net.units == 28
    assert net.parameters == 6 * 16 + 16 + 16 * 12 + 12 + 12 * 4 + 4
    lines = str(net).splitlines()
    assert "input 6" in lines[0] and "4 classes" in lines[0]
    assert sum("relu" in line for line in lines) == 2
    assert repr(net) == "<tropex.Network: input 6, 4 classes, 28 units>"
    assert [node["operation"] for node in net.nodes] == ["linear", "relu", "linear", "relu", "linear"]
    assert net.nodes[0]["layer"] == "layers.0" and net.nodes[1]["units"] == 16


def test_networks_of_bytes_are_pickled_and_copied(net, x):
    for again in [pickle.loads(pickle.dumps(net)), copy.deepcopy(net)]:
        assert again.fingerprint == net.fingerprint
        np.testing.assert_array_equal(
            again.linear_terms(x).coefficients, net.linear_terms(x).coefficients
        )


def test_networks_of_files_are_not_pickled(models):
    with pytest.raises(tropex.Error, match="pickle the path, and load it again with tropex.load$"):
        pickle.dumps(tropex.load(models / "mlp.onnx"))


def test_unsupported_operations_are_listed_with_their_names(perceptron):
    arrays = {"first.weight": perceptron.weights[0].astype(np.float32)}
    nodes = [
        ("Gemm", ["x", "first.weight"], "sums", {"transB": 1}),
        ("Sigmoid", ["sums"], "curve", {}),
        ("Tanh", ["curve"], "y", {}),
    ]
    content = onnx_bytes.model(nodes, arrays, [6], 16)
    names = {"curve": "body.gate"}
    with pytest.raises(tropex.UnsupportedOperationError) as caught:
        tropex._tropex.network_from_onnx(content, names=names)
    first, second = caught.value.operations
    assert (first.name, first.operator) == ("body.gate", "Sigmoid")
    assert (second.name, second.operator) == ("y", "Tanh")
    assert "16" in first.shape and first.hint
    assert "\n" not in str(caught.value) and "body.gate" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.operations == caught.value.operations and str(again) == str(caught.value)


def test_files_that_cannot_be_read_are_file_errors(tmp_path):
    with pytest.raises(tropex.FileError, match="^cannot read .*missing.onnx: "):
        tropex.load(tmp_path / "missing.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no model")
    with pytest.raises(tropex.FileError, match="damaged.onnx cannot be read as an ONNX model: "):
        tropex.load(damaged)
    with pytest.raises(tropex.FileError):
        tropex.load(tmp_path)
    with pytest.raises(tropex.FileError, match="^the given bytes cannot be read"):
        tropex._tropex.network_from_onnx(b"no model")


def test_options_that_do_not_fit_are_input_errors(models):
    with pytest.raises(tropex.InputError, match="choose one by its name"):
        tropex.load(models / "two_outputs.onnx")
    with pytest.raises(tropex.InputError, match="no output is named `z`"):
        tropex.load(models / "mlp.onnx", output="z")
    with pytest.raises(tropex.InputError, match="options of ONNX files, not of runs"):
        tropex.load(models, output="z")


def test_every_error_is_an_error_of_the_package():
    for kind in [tropex.FileError, tropex.InputError, tropex.UnsupportedOperationError]:
        assert issubclass(kind, tropex.Error)
    assert issubclass(tropex.FileError, OSError) and issubclass(tropex.InputError, ValueError)


def test_the_content_of_a_file_is_loaded_as_the_file(models):
    file = models / "mlp.onnx"
    assert tropex.load(file.read_bytes()).fingerprint == tropex.load(file).fingerprint
    with pytest.raises(tropex.InputError, match="^a network cannot be loaded from .*int"):
        tropex.load(3)
