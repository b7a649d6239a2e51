"""One task of a plan as a process: `python -m tropex._cluster.task SETTINGS PARTS STEP [PART]`."""

from __future__ import annotations

import json
import sys

from .._errors import Error
from .._tropex import _run_part_task


def main(arguments: list[str]) -> int:
    settings, parts, step, *part = arguments
    try:
        _run_part_task(json.loads(settings), int(parts), step, *part)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
