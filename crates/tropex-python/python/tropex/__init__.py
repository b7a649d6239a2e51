"""Linear terms of piecewise-linear neural networks.

A network of affine maps and maxima (ReLU, max pooling, ...) is piecewise linear: around every point
it is an affine function, its *linear term*. This package computes these functions exactly.

>>> import tropex
>>> net = tropex.load("model.onnx")          # or tropex.capture(torch_module, example)
>>> terms = net.linear_terms(x)              # x has shape (n, *net.input_shape)
>>> terms.coefficients.shape                 # (n, *net.input_shape)

:func:`capture`
    Captures a PyTorch module or a scikit-learn MLP.
:func:`load`
    Loads an ONNX file or a run of the command ``tropex``.
:func:`open`
    Opens a folder of terms or a run.
:func:`set_num_threads`, :func:`get_num_threads`
    The number of threads.
``tropex.cluster``, ``tropex.ray``
    Extractions in parts on many machines.

Every error is an :class:`Error`, with one line that says what, where, what was expected and what to
do.
"""

from ._errors import Error, FileError, InputError, UnsupportedOperation, UnsupportedOperationError
from ._tropex import (
    Assignment,
    Boundary,
    Bounds,
    ExtractedFunction,
    Finding,
    LinearTerms,
    Network,
    Path,
    PatternCounts,
    Patterns,
    Polytope,
    Region,
    Run,
    Slice,
    TermStore,
    __version__,
    get_num_threads,
    load,
    open,
    set_num_threads,
)

__all__ = [
    "Assignment",
    "Boundary",
    "Bounds",
    "Error",
    "ExtractedFunction",
    "FileError",
    "Finding",
    "InputError",
    "LinearTerms",
    "Network",
    "Path",
    "PatternCounts",
    "Patterns",
    "Polytope",
    "Region",
    "Run",
    "Slice",
    "TermStore",
    "UnsupportedOperation",
    "UnsupportedOperationError",
    "capture",
    "get_num_threads",
    "load",
    "open",
    "set_num_threads",
]


def capture(model, example, *, output=None):
    """Capture a model as a piecewise-linear network.

    Parameters
    ----------
    model : torch.nn.Module or scikit-learn estimator
        A module is captured in evaluation mode, as after ``model.eval()``; the model itself, its
        mode and its buffers stay as they are. Of scikit-learn an ``MLPClassifier`` or
        ``MLPRegressor`` with ReLU, or a ``Pipeline`` of scalers that ends with one.
    example : array_like of shape (*input_shape) or (n, *input_shape)
        One point or a batch of points, as the model takes them. The captured network is compared
        with the model at these points and at random ones.
    output : str or int, optional
        Which output of a module that returns several tensors is the logits: its name in a dict, or
        its position in a tuple.

    Returns
    -------
    Network
        A softmax, sigmoid or argmax at the end of the model is left out, with a warning: terms are
        those of the logits.

    Raises
    ------
    UnsupportedOperationError
        If an operation of the model is not piecewise linear or not supported; its attribute
        ``operations`` lists all of them, with the path of the module and what can be done.
    InputError
        If the model does not take the example.
    Error
        If the captured network differs from the model.

    Examples
    --------
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    >>> net = tropex.capture(model, torch.zeros(1, 4))
    >>> net.input_shape, net.classes, net.units
    ((4,), 3, 8)
    """
    from ._capture import capture_model

    return capture_model(model, example, output=output)


def __getattr__(name):
    """The modules for clusters are imported when they are used."""
    if name in ("cluster", "ray"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
