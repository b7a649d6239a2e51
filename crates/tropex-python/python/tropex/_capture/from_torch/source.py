"""Where an operation of an exported graph comes from: the module's path, and the line of source."""

from __future__ import annotations

import os
import re

import torch

_TORCH_FOLDER = os.path.dirname(torch.__file__)
_OWN_FOLDER = os.path.dirname(__file__)
_FRAME = re.compile(r'File "(?P<file>.+)", line (?P<line>\d+)[^\n]*\n\s*(?P<code>[^\n]*)')


def operation_name(node: torch.fx.Node) -> str:
    """Such as `aten.gelu`, without the overload."""
    target = node.target
    if isinstance(target, torch._ops.OpOverload):
        return str(target.overloadpacket)
    return getattr(target, "__name__", str(target))


def node_name(node: torch.fx.Node) -> str:
    """A name for the ONNX node that reads as a module path, such as `features.3 (aten.gelu)`."""
    path, kind = _module(node)
    return f"{path or kind} ({operation_name(node)})"


def place(node: torch.fx.Node) -> str:
    """The module's path; of the user's own modules also the line of source."""
    path, kind = _module(node)
    where = path or kind
    line = _user_line(node.meta.get("stack_trace") or "")
    return f"{where} at {line}" if line else where


def _module(node: torch.fx.Node) -> tuple[str, str]:
    """Path and class of the innermost module that calls the operation."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    for path, kind in reversed(stack):
        if not isinstance(path, str) or "_empty_nn_module_stack" in path:
            continue
        kind = kind if isinstance(kind, str) else kind.__name__
        return _own_path(path), kind.rpartition(".")[2]
    return "", "model"


def _own_path(path: str) -> str:
    """The path in the user's model, which is the attribute `model` of what is exported."""
    path = path.removeprefix("L['self']").removeprefix(".")
    path = re.sub(r"\['?([^'\]]+)'?\]", r".\1", path).replace("_modules.", "")
    return path.removeprefix("model").removeprefix(".")


def _user_line(trace: str) -> str | None:
    """The innermost line of the user's source, unless a layer of PyTorch was called."""
    frames = list(_FRAME.finditer(trace))
    if not frames or frames[-1]["file"].startswith(os.path.join(_TORCH_FOLDER, "nn", "modules")):
        return None
    for frame in reversed(frames):
        if not frame["file"].startswith((_TORCH_FOLDER, _OWN_FOLDER)):
            return f"{os.path.basename(frame['file'])}:{frame['line']} `{frame['code'].strip()}`"
    return None
