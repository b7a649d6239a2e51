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
:func:`set_num_threads`, :func:`get_num_threads`
    The number of threads.

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
    model : torch.nn.Module or scikit-learn MLP
        A module is evaluated as it is: call ``model.eval()`` first if it has dropout or batch
        normalisation.
    example : array_like
        One point or a batch of points, as the model takes them.
    output : optional
        Which output of a module with several is the logits.

    Returns
    -------
    Network

    Raises
    ------
    UnsupportedOperationError
        If an operation of the model is not piecewise linear or not supported; its attribute
        ``operations`` lists all of them.
    """
    from ._capture import capture_model

    return capture_model(model, example, output=output)
