"""The errors of the package."""

from .._tropex import Error, UnsupportedOperationError

__all__ = ["Error", "UnsupportedOperationError"]
