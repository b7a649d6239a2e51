"""Capture of models of PyTorch and scikit-learn.

A model becomes the bytes of an ONNX file, which never leave the process: the extension reads them
and captures the network. Neither `onnx` nor `onnxscript` is needed.
"""

from __future__ import annotations

import sys

from .._errors import InputError

#: Calls between the user and the functions that capture.
_STACK_LEVEL = 2


def capture_model(model, example, *, output=None):
    """Captures a `torch.nn.Module` or a scikit-learn MLP; see `tropex.capture`."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from .from_torch import capture_module

        return capture_module(model, example, output, _STACK_LEVEL)
    if type(model).__module__.partition(".")[0] == "sklearn":
        from .from_sklearn import capture_estimator

        if output is not None:
            raise InputError("output is an option of PyTorch modules with several outputs")
        return capture_estimator(model, example)
    raise InputError(
        f"a {type(model).__module__}.{type(model).__qualname__} cannot be captured; expected a "
        "torch.nn.Module, or a scikit-learn MLPClassifier, MLPRegressor or Pipeline that ends with one"
    )
