"""What an engine offers: a job of tasks that it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple


class JobSettings(NamedTuple):
    """How an engine runs the tasks."""

    workers: int | None
    """Number of workers that are started on this machine for the job; None for those that run."""
    cpus: int
    """Processors of a task."""
    logs: Path
    """Folder of the outputs of the tasks."""


class Job(ABC):
    """Tasks that an engine runs. Ends its own workers at the end of a ``with`` block."""

    @abstractmethod
    def wait(self) -> None:
        """Wait until all tasks have ended.

        Raises
        ------
        Error
            If a task failed, with its message.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers that were started for the job."""

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def failure(task: dict, logs: Path) -> str:
    """What is said of a task that failed, with the last line of its error output."""
    words = _last_words(log_of(task, logs, "err"))
    return f"task {task['id']} ({task['step']}) failed: {words}; its outputs are in {logs}"


def _last_words(file: Path) -> str:
    try:
        lines = file.read_text(errors="replace").split("\n")
    except OSError:
        return "it left no output"
    return next((line.strip() for line in reversed(lines) if line.strip()), "it left no output")


def log_of(task: dict, logs: Path, kind: str) -> Path:
    """The file of an output of a task; `kind` is `out` or `err`."""
    return logs / f"{task['step']}-{task['id']}.{kind}"
