"""Extractions in parts on several hosts, one of which loses its network and comes back.

    python main.py PROGRAM SFTP_SERVER

The terms must be those of one process, byte for byte.
"""

import sys
import tempfile
from pathlib import Path

from on_hyperqueue import Queue, worker_comes_back
from test_bed import GAUGES, TestBed
from without_engine import merge_comes_back, merges_at_once, part_comes_back, part_is_killed

#: Numbers of parts.
PARTS = [4, 8]


def main():
    with tempfile.TemporaryDirectory() as folder:
        bed = TestBed(Path(folder), *sys.argv[1:])
        try:
            for gauge in GAUGES:
                try_without_engine(bed, gauge)
            queue = Queue(bed)
            for gauge in GAUGES:
                for parts in PARTS:
                    worker_comes_back(bed, queue, gauge, parts)
        finally:
            bed.network.end()


def try_without_engine(bed: TestBed, gauge: str):
    part_is_killed(bed, gauge)
    part_comes_back(bed, gauge, is_merged=False)
    part_comes_back(bed, gauge, is_merged=True)
    merges_at_once(bed, gauge)
    merge_comes_back(bed, gauge)


if __name__ == "__main__":
    main()
