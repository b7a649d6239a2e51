import numpy as np
import pytest

import tropex


def expected(perceptron, x):
    pairs = [perceptron.affine(point.astype(np.float64)) for point in x]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


@pytest.mark.parametrize("precision, tolerance", [("f32", 2e-6), ("f64", 1e-14)])
def test_terms_are_those_of_float64(net, perceptron, x, precision, tolerance):
    coefficients, bias = expected(perceptron, x)
    terms = net.linear_terms(x, classes="all", precision=precision)
    assert terms.coefficients.shape == (50, 4, 6) and terms.bias.shape == (50, 4)
    dtype = {"f32": np.float32, "f64": np.float64}[precision]
    assert terms.coefficients.dtype == terms.bias.dtype == dtype
    np.testing.assert_allclose(terms.coefficients, coefficients, atol=tolerance)
    np.testing.assert_allclose(terms.bias, bias, atol=tolerance)
    logits = np.einsum("ncd,nd->nc", coefficients, x) + bias
    np.testing.assert_array_equal(terms.predicted, logits.argmax(axis=1))
    assert terms.predicted.dtype == np.int64 and len(terms) == 50


def test_predicted_classes_single_classes_and_lists_are_parts_of_all(net, x):
    everything = net.linear_terms(x, classes="all")
    rows = np.arange(50)
    predicted = net.linear_terms(x)
    np.testing.assert_array_equal(predicted.predicted, everything.predicted)
    own = everything.coefficients[rows, everything.predicted]
    np.testing.assert_allclose(predicted.coefficients, own, atol=1e-6)
    own = everything.bias[rows, everything.predicted]
    np.testing.assert_allclose(predicted.bias, own, atol=1e-6)
    one = net.linear_terms(x, classes=2)
    assert one.coefficients.shape == (50, 6)
    np.testing.assert_allclose(one.coefficients, everything.coefficients[:, 2], atol=1e-6)
    some = net.linear_terms(x, classes=[3, 0])
    assert some.coefficients.shape == (50, 2, 6) and some.bias.shape == (50, 2)
    np.testing.assert_allclose(some.coefficients, everything.coefficients[:, [3, 0]], atol=1e-6)
    np.testing.assert_allclose(some.bias, everything.bias[:, [3, 0]], atol=1e-6)
    only = net.linear_terms(x, classes=[1])
    np.testing.assert_allclose(only.coefficients, everything.coefficients[:, [1]], atol=1e-6)


def test_points_in_float64_keep_their_digits(net, perceptron):
    # Between two points that float32 does not tell apart runs the boundary of a unit.
    weight, bias = perceptron.weights[0][0], perceptron.biases[0][0]
    on_boundary = -bias * weight / (weight @ weight)
    step = 1e-10 * weight / np.linalg.norm(weight)
    pair = np.stack([on_boundary - step, on_boundary + step])
    assert (pair.astype(np.float32)[0] == pair.astype(np.float32)[1]).all()
    terms = net.linear_terms(pair, classes="all", precision="f64")
    coefficients, _ = expected(perceptron, pair)
    assert np.abs(coefficients[0] - coefficients[1]).max() > 1e-3
    np.testing.assert_allclose(terms.coefficients, coefficients, atol=1e-13)


def test_layouts_and_types_of_arrays(net, x):
    plain = net.linear_terms(x).coefficients

    class Array:
        def __array__(self, dtype=None, copy=None):
            return np.asarray(x, dtype=dtype)

    class Capsule:
        def __dlpack__(self, **options):
            return x.__dlpack__(**options)

        def __dlpack_device__(self):
            return x.__dlpack_device__()

    strided = np.zeros((100, 12), np.float32)[::2, ::2]
    strided[...] = x
    layouts = [
        np.asfortranarray(x),
        strided,
        x.astype(">f4"),
        x.astype(np.float64),
        x.tolist(),
        Array(),
        Capsule(),
    ]
    for other in layouts:
        np.testing.assert_array_equal(net.linear_terms(other).coefficients, plain)
    half = x.astype(np.float16)
    widened = net.linear_terms(half.astype(np.float32)).coefficients
    np.testing.assert_array_equal(net.linear_terms(half).coefficients, widened)


def test_read_only_points_are_read(net, x):
    frozen = x.copy()
    frozen.flags.writeable = False
    assert len(net.linear_terms(frozen)) == 50


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda x: x[0], r"^x has shape \[6\], expected \[n, 6\]: one point per row; for one point take x\[None\]$"),
        (lambda x: x[:, :5], r"^x has shape \[50, 5\], expected \[n, 6\]: one point per row$"),
        (lambda x: x.reshape(50, 2, 3), r"^x has shape \[50, 2, 3\], .*; take x.reshape\(-1, 6\)$"),
        (lambda x: x[:0], r"^x has no points, expected at least one$"),
        (lambda x: x.astype(np.uint8), r'^x has dtype uint8, expected float32 or float64; scale it as the network expects, such as x / 255$'),
        (lambda x: x.astype(complex), r"^x has dtype complex128, expected float32 or float64$"),
        (lambda x: np.where(np.arange(50)[:, None] == 7, np.nan, x), r"^x\[7\] contains NaN, expected finite numbers$"),
        (lambda x: np.where(np.arange(50)[:, None] == 49, -np.inf, x), r"^x\[49\] contains -inf, "),
        (lambda x: "points", r"^x has dtype <U6, expected float32 or float64$"),
        (lambda x: None, r"^x has dtype object, expected float32 or float64$"),
        (lambda x: [[1.0], [1.0, 2.0]], r"^x of type <class 'list'> is no array of numbers: "),
    ],
)
def test_other_points_are_refused_in_one_line(net, x, change, message):
    with pytest.raises(tropex.InputError, match=message) as caught:
        net.linear_terms(change(x))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("classes", ["predict", 4, -1, [0, 4], [], 1.5, ("all",)])
def test_other_classes_are_refused(net, x, classes):
    with pytest.raises(tropex.InputError, match=r"^classes is .*, expected \"predicted\", \"all\", a class from 0 to 3 or a list of them$"):
        net.linear_terms(x, classes=classes)


def test_other_precisions_are_refused(net, x):
    with pytest.raises(tropex.InputError, match="^unknown precision `f16`, expected f32 or f64$"):
        net.linear_terms(x, precision="f16")


def test_a_precision_is_also_a_type_of_numpy(net, x):
    expected = net.linear_terms(x, precision="f64").coefficients
    for precision in (np.float64, np.dtype("float64"), "float64"):
        np.testing.assert_array_equal(net.linear_terms(x, precision=precision).coefficients, expected)
    for precision in ("f16", np.int64, 3.5):
        with pytest.raises(tropex.InputError, match="expected f32 or f64$"):
            net.linear_terms(x, precision=precision)
