import json
import pickle

import numpy as np
import pytest

import tropex
from test_networks import read_safetensors


@pytest.fixture(scope="module")
def labels(net, x):
    """Labels that differ from the predicted classes at every fifth point."""
    labels = net.linear_terms(x).predicted.copy()
    labels[::5] = (labels[::5] + 1) % 4
    return labels


@pytest.fixture(scope="module")
def store(net, x, labels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("terms") / "store"
    return net.extract(x, folder, labels, progress=False)


def shard(store):
    return read_safetensors(store.folder / "shard-00000.safetensors")


def brute_force(store, x):
    """Class, best positive and best negative term of every point, in float64."""
    arrays = {name: array.astype(np.float64) for name, array in shard(store).items()}
    negative = x.astype(np.float64) @ arrays["negative.coefficients"].T + arrays["negative.bias"]
    linear = x.astype(np.float64) @ arrays["linear.coefficients"].T + arrays["linear.bias"]
    positive = linear + negative
    best = np.argsort(-positive, axis=1, kind="stable")
    return arrays["predicted"][best].astype(int), best, negative.argmax(axis=1), positive, negative


def test_a_store_holds_the_terms_of_the_points(net, x, labels, store):
    terms, arrays = net.linear_terms(x), shard(store)
    np.testing.assert_allclose(arrays["linear.coefficients"], terms.coefficients, atol=1e-6)
    np.testing.assert_allclose(arrays["linear.bias"], terms.bias, atol=1e-6)
    np.testing.assert_array_equal(arrays["label"], labels)
    assert (arrays["negative.coefficients"] >= 0).all()
    assert len(store) == 50 and store.gauge == "tight" and store.precision == "f32"
    assert store.classes == "predicted" and store.input_shape == (6,)
    assert store.check["points"] == 50 and store.check["dominance"]["checked"] == 50
    assert store.manifest == json.loads((store.folder / "manifest.json").read_text())
    assert repr(store).startswith("<tropex.TermStore: 50 points, tight gauge, in ")


def test_the_function_is_that_of_brute_force(store):
    points = np.random.default_rng(5).normal(size=(40, 6)).astype(np.float32)
    classes, best, lowest, positive, negative = brute_force(store, points)
    function = store.function()
    found = function.assign(points, top=3)
    np.testing.assert_array_equal(found.best, best[:, :3])
    np.testing.assert_array_equal(found.best_classes, classes[:, :3])
    np.testing.assert_array_equal(found.classes, classes[:, 0])
    np.testing.assert_array_equal(found.negative, lowest)
    rows = np.arange(40)[:, None]
    values = positive[rows, best[:, :3]] - negative.max(axis=1)[:, None]
    np.testing.assert_allclose(found.best_values, values, atol=1e-12)
    np.testing.assert_allclose(found.value, values[:, 0], atol=1e-12)
    np.testing.assert_allclose(found.gaps, values[:, :1] - values, atol=1e-12)
    np.testing.assert_array_equal(function.classify(points), classes[:, 0])
    table = found.to_dict()
    assert list(table) == ["point", "rank", "position", "class", "value", "gap"]
    assert {column.shape for column in table.values()} == {(120,)}
    np.testing.assert_array_equal(table["point"][:4], [0, 0, 0, 1])
    np.testing.assert_array_equal(table["rank"][:4], [0, 1, 2, 0])


def test_assignments_are_pickled(store, x):
    found = store.function().assign(x, top=2)
    again = pickle.loads(pickle.dumps(found))
    for name in ["classes", "value", "negative", "best", "best_classes", "best_values", "gaps"]:
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))


def test_terms_can_be_left_out(store, x):
    own = np.arange(50)
    found = store.function().assign(x, without=own)
    assert (found.best[:, 0] != own).all() and (found.negative != own).all()
    with pytest.raises(tropex.InputError, match="^without: found 49 entries, expected 50 whole numbers from 0$"):
        store.function().assign(x, without=own[1:])


def test_evaluation_counts_points(net, store, x, labels):
    predicted = net.linear_terms(x).predicted
    result = store.function().evaluate(x, labels)
    assert result["points"] == 50 and result["agreement"] == 1.0
    assert result["accuracy"] == result["network_accuracy"] == (predicted == labels).mean()
    alone = tropex.open(store.folder).function()
    assert set(alone.evaluate(x, labels)) == {"points", "accuracy", "straight"}
    assert alone.evaluate(x, labels, network=net) == result


def test_an_opened_store_is_the_extracted_one(store):
    opened = tropex.open(str(store.folder))
    assert opened.manifest == store.manifest
    with pytest.raises(tropex.FileError):
        tropex.open(store.folder.parent)


def batches(x, labels):
    return [(x[start : start + 7], labels[start : start + 7]) for start in range(0, 50, 7)]


class Dataset:
    """Numbered points with labels, like a dataset of PyTorch."""

    def __init__(self, x, labels):
        self.x, self.labels = x, labels

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.labels[index]


@pytest.mark.parametrize(
    "stream",
    [
        batches,
        lambda x, labels: iter(batches(x, labels)),
        lambda x, labels: zip(x, labels),
        Dataset,
    ],
    ids=["batches", "iterator", "pairs", "dataset"],
)
def test_streams_give_the_bytes_of_an_array(net, store, x, labels, stream, tmp_path):
    streamed = net.extract(stream(x, labels), tmp_path / "terms", progress=False)
    own, expected = (folder / "shard-00000.safetensors" for folder in (streamed.folder, store.folder))
    assert own.read_bytes() == expected.read_bytes()
    assert streamed.manifest["terms"] == store.manifest["terms"]


def test_streams_without_labels_have_label_zero(net, x, tmp_path):
    store = net.extract((point for point in x), tmp_path / "terms", progress=False)
    assert (shard(store)["label"] == 0).all()


def test_the_same_call_opens_a_finished_store(net, store, x, labels):
    path = store.folder / "shard-00000.safetensors"
    before = path.stat().st_mtime_ns
    again = net.extract(x, store.folder, labels, progress=False)
    assert again.manifest == store.manifest and path.stat().st_mtime_ns == before


def test_other_terms_in_the_folder_are_refused_or_replaced(net, x, tmp_path):
    net.extract(x, tmp_path, gauge="worst-case", progress=False)
    with pytest.raises(tropex.FileError, match="gauge worst-case instead of tight") as caught:
        net.extract(x, tmp_path, progress=False)
    assert "--" not in str(caught.value)
    store = net.extract(x, tmp_path, gauge="calibrated", progress=False, replace=True)
    assert store.gauge == "calibrated"


def test_all_classes_and_double_precision(net, x, tmp_path):
    store = net.extract(x, tmp_path, classes="all", precision="f64", progress=False)
    terms = net.linear_terms(x, classes="all", precision="f64")
    coefficients = shard(store)["linear.coefficients"]
    assert coefficients.dtype == np.float64 and coefficients.shape == (50, 4, 6)
    np.testing.assert_allclose(coefficients, terms.coefficients, atol=1e-14)


def test_shifts_of_other_points(net, store, x, tmp_path):
    others = np.random.default_rng(8).normal(size=(30, 6)).astype(np.float32)
    extracted = net.extract(others, tmp_path, shifts_of=store, progress=False)
    assert extracted.manifest["terms"]["shifts"]


def test_progress_is_reported_to_a_function(net, x, tmp_path):
    calls = []
    net.extract(x, tmp_path, progress=lambda task, share: calls.append((task, share)))
    assert calls and all(isinstance(task, str) and 0 <= share <= 1 for task, share in calls)


def test_an_error_of_the_progress_function_ends_the_extraction(net, x, tmp_path):
    def fail(task, share):
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        net.extract(x, tmp_path, progress=fail)
    assert len(net.extract(x, tmp_path, progress=False)) == 50


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(y=[0, 1]), "^y: found 2 entries, expected 50 whole numbers from 0$"),
        (dict(y=np.zeros(50)), "^y: found dtype float64, expected 50 "),
        (dict(y=-np.ones(50, int)), "^y: found -1, expected 50 "),
        (dict(gauge="loose"), "^unknown gauge `loose`, expected worst-case, tight or calibrated$"),
        (dict(classes=[0, 1]), "^classes is a list, but a folder has the terms of "),
        (dict(progress=3), "^progress is 3, expected True, False or a function"),
    ],
)
def test_other_options_are_refused(net, x, tmp_path, change, message):
    with pytest.raises(tropex.InputError, match=message):
        net.extract(x, tmp_path, **{"progress": False, **change})


@pytest.mark.parametrize(
    "stream, message",
    [
        (lambda x: [x[:3], x[:3, :5]], r"^item 1 of x has shape \[3, 5\], expected \[n, 6\]"),
        (lambda x: [(x[:3], [0, 1])], "^the labels of item 0 of x: found 2 entries, expected 3 "),
        (lambda x: iter([]), "^x yields no points, expected at least one$"),
        (lambda x: 7, "^x of type <class 'int'> is neither an array nor an iterable of points$"),
    ],
)
def test_other_streams_are_refused(net, x, tmp_path, stream, message):
    with pytest.raises(tropex.InputError, match=message):
        net.extract(stream(x), tmp_path, progress=False)


def test_urls_are_refused(net, x, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = "s3://bucket/run"
    for call in [tropex.open, tropex.load, lambda folder: net.extract(x, folder, progress=False)]:
        with pytest.raises(tropex.InputError, match="^s3://bucket/run is a URL, expected a path"):
            call(url)
    assert not list(tmp_path.iterdir())
