"""Plans: the tasks of an extraction in parts, with their commands, dependencies and files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from .._errors import FileError, InputError
from .._tropex import _part_tasks


def plan_of(settings: Mapping, parts: int) -> dict:
    """The plan of the library for the settings of an extraction.

    Its commands run this package, so that no other program is needed.
    """
    tasks = _part_tasks(settings, parts)
    text = json.dumps(dict(settings))
    for task in tasks:
        command = [sys.executable, "-m", "tropex._cluster.task", text, str(parts), task["step"]]
        task["command"] = command + ([task["part"]] if task["part"] else [])
        task["inputs"] = [str(path) for path in task["inputs"]]
        task["outputs"] = [str(path) for path in task["outputs"]]
    return {**settings, "parts": parts, "tasks": tasks}


def read_plan(plan) -> list[dict]:
    """The tasks of a plan: a dict, JSON, or the path of a JSON file."""
    if isinstance(plan, os.PathLike) or (isinstance(plan, str) and not plan.lstrip().startswith("{")):
        try:
            plan = Path(plan).read_text()
        except OSError as cause:
            raise FileError(f"cannot read the plan {plan}: {cause}") from cause
    if isinstance(plan, (str, bytes)):
        try:
            plan = json.loads(plan)
        except ValueError as cause:
            raise InputError(f"the plan is no JSON: {cause}; `tropex plan --json` prints one") from None
    tasks = plan.get("tasks") if isinstance(plan, Mapping) else None
    if not tasks:
        raise InputError(
            "the plan has no tasks; expected what tropex.cluster.plan returns or `tropex plan --json` "
            "prints"
        )
    return _checked(tasks)


def _checked(tasks) -> list[dict]:
    """The tasks, each after those that it waits for."""
    known: set[int] = set()
    for task in tasks:
        missing = {"id", "step", "command", "after"} - set(task)
        if missing:
            raise InputError(f"a task of the plan has no {sorted(missing)[0]}")
        unknown = set(task["after"]) - known
        if unknown:
            raise InputError(
                f"task {task['id']} of the plan waits for task {min(unknown)}, which is not before it"
            )
        known.add(task["id"])
    return list(tasks)


def with_program(tasks: list[dict], program) -> list[dict]:
    """The tasks with another program in place of the first word of their commands."""
    if program is None:
        return tasks
    return [{**task, "command": [str(program), *task["command"][1:]]} for task in tasks]
