"""Exceptions of the package."""

from __future__ import annotations

from typing import NamedTuple


class Error(Exception):
    """Base class of all errors of the package.

    The message is one line: what, where, what was expected, and what to do.
    """


class FileError(Error, OSError):
    """A file or folder is missing, damaged, out of date, or held by another process."""


class InputError(Error, ValueError):
    """An argument has a wrong shape, type or value."""


class UnsupportedOperation(NamedTuple):
    """An operation that is not piecewise linear or not supported."""

    name: str
    """Name of the node or module."""
    operator: str
    """Operator, such as ``Sigmoid``."""
    shape: str
    """Shapes of its inputs, as far as they are known; ``n`` is the number of points."""
    hint: str
    """The reason, and what to do."""


class UnsupportedOperationError(Error):
    """A model has operations that are not piecewise linear or not supported.

    Attributes
    ----------
    operations : list of UnsupportedOperation
        All such operations of the model.
    """

    def __init__(self, message: str, operations=()):
        super().__init__(message)
        self.operations = [UnsupportedOperation(*operation) for operation in operations]

    def __reduce__(self):
        return type(self), (str(self), self.operations)
