"""A progress bar: that of tqdm if it is installed, else a line on the terminal."""

from __future__ import annotations

import sys


def bar():
    """A function of a task and the completed share that shows them where somebody looks."""
    if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        return _Nothing()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line()
    return _Tqdm(tqdm)


def close(show) -> None:
    """Ends a bar of this module."""
    if isinstance(show, _Display):
        show.close()


class _Display:
    """What all bars have in common."""

    def __call__(self, task: str, share: float) -> None: ...

    def close(self) -> None: ...


class _Nothing(_Display):
    """Shows nothing: standard error is a file."""


class _Line(_Display):
    """A line that is written again and again."""

    def __init__(self):
        self._width = 0

    def __call__(self, task, share):
        self._write(f"{task} {share:4.0%}")

    def close(self):
        self._write("")
        sys.stderr.write("\r")
        sys.stderr.flush()

    def _write(self, text):
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)


class _Tqdm(_Display):
    """A bar of tqdm that is full at a share of 1."""

    def __init__(self, tqdm):
        form = "{desc} {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"
        self._bar = tqdm(total=1.0, bar_format=form, leave=False)

    def __call__(self, task, share):
        self._bar.set_description_str(task, refresh=False)
        self._bar.update(share - self._bar.n)

    def close(self):
        self._bar.close()
