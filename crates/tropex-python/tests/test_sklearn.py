"""Capture of scikit-learn's perceptrons and of pipelines that end with one."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

import tropex

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    """Points ``(200, 5)``, three classes, and a target."""
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 5)) * [1, 2, 3, 4, 5]
    target = np.abs(x[:, 0]) - x[:, 1]
    return x, np.digitize(target, [-1, 1]), target


def perceptron(kind=MLPClassifier, **options):
    return kind(hidden_layer_sizes=(12, 8), max_iter=40, random_state=0, **options)


def values(terms, x):
    return (terms.coefficients * x[:, None]).sum(axis=-1) + terms.bias


def assert_probabilities(net, model, x):
    """That the softmax of the terms' values is what a classifier predicts."""
    logits = values(net.linear_terms(x, classes="all", precision="f64"), x)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, model.predict_proba(x), atol=1e-9)
    predicted = net.linear_terms(x).predicted
    np.testing.assert_array_equal(model.classes_[predicted], model.predict(x))


def test_a_classifier_keeps_its_probabilities(data):
    x, y, _ = data
    model = perceptron().fit(x, y)
    net = tropex.capture(model, x)
    assert net.input_shape == (5,) and net.classes == 3
    assert_probabilities(net, model, x)


def test_two_classes_have_two_logits(data):
    x, y, _ = data
    model = perceptron().fit(x, np.where(y > 0, "high", "low"))
    net = tropex.capture(model, x[0])
    assert net.classes == 2
    assert_probabilities(net, model, x)


def test_terms_are_derivatives(data):
    x, _, target = data
    model = perceptron(MLPRegressor).fit(x, np.stack([target, -2 * target], axis=1))
    net = tropex.capture(model, x)
    terms = net.linear_terms(x, classes="all", precision="f64")
    np.testing.assert_allclose(values(terms, x), model.predict(x), atol=1e-9)
    step = 1e-7
    for feature in range(5):
        moved = x + step * np.eye(5)[feature]
        slope = (model.predict(moved) - model.predict(x)) / step
        # A point in a few hundred is so near a boundary that the step crosses it.
        close = np.abs(slope - terms.coefficients[:, :, feature]) < 1e-4
        assert close.mean() > 0.99


def test_one_target_is_one_class(data):
    x, _, target = data
    model = perceptron(MLPRegressor, activation="identity").fit(x, target)
    net = tropex.capture(model, x)
    assert net.classes == 1 and net.units == 0
    terms = net.linear_terms(x, classes=0, precision="f64")
    np.testing.assert_allclose((terms.coefficients * x).sum(1) + terms.bias, model.predict(x))


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler()],
        [MinMaxScaler((-1, 1), clip=True)],
        [MaxAbsScaler()],
        [RobustScaler()],
        ["passthrough", StandardScaler(with_mean=False), PCA(4, whiten=True)],
    ],
    ids=["standard", "min-max", "max-abs", "robust", "principal components"],
)
def test_scalers_before_a_perceptron_are_captured(data, steps):
    x, y, _ = data
    model = make_pipeline(*steps, perceptron()).fit(x, y)
    assert_probabilities(tropex.capture(model, x), model, x)


def test_searches_give_their_best_model(data):
    x, y, _ = data
    search = GridSearchCV(perceptron(), {"alpha": [1e-4, 1.0]}, cv=2).fit(x, y)
    assert_probabilities(tropex.capture(search, x), search, x)


@pytest.mark.parametrize(
    "model, kind, message",
    [
        (perceptron(activation="tanh"), tropex.UnsupportedOperationError, r"^activation \(tanh\) of the"),
        (
            make_pipeline(PolynomialFeatures(2), perceptron()),
            tropex.UnsupportedOperationError,
            r"^step `polynomialfeatures` \(PolynomialFeatures\) of the pipeline: ",
        ),
        (PCA(2), tropex.InputError, "^a PCA cannot be captured; expected an MLPClassifier"),
    ],
)
def test_other_models_are_refused(data, model, kind, message):
    x, y, _ = data
    with pytest.raises(kind, match=message):
        tropex.capture(model.fit(x, y), x)


def test_inputs_that_do_not_fit_are_refused(data):
    x, y, _ = data
    with pytest.raises(tropex.InputError, match="has no weights yet; fit it before the capture$"):
        tropex.capture(perceptron(), x)
    model = perceptron().fit(x, y)
    with pytest.raises(tropex.InputError, match="but the model takes points of 5 features$"):
        tropex.capture(model, x[:, :4])
    with pytest.raises(tropex.InputError, match="^output is an option of PyTorch modules"):
        tropex.capture(model, x, output="0")
