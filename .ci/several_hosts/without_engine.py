"""Two parts on two hosts, started by hand."""

import subprocess
from pathlib import Path

from network import code_of, until
from test_bed import BATCH, OPTIONS, TestBed, is_writing_terms


def part_is_killed(bed: TestBed, gauge: str):
    """A part is killed, and another host does its work."""
    own = bed.copy()
    other = extract(bed, bed.c, own, gauge, "2/2")
    killed = extract(bed, bed.b, own, gauge, "1/2")
    interrupt(own, gauge, lambda: bed.b.kill(killed))
    again = extract(bed, bed.c, own, gauge, "1/2")
    assert (code_of(other), code_of(again)) == (0, 0)
    bed.merge(own, gauge)
    bed.check(own, gauge)
    print(f"{gauge}: a part was killed and repeated on another host", flush=True)


def part_comes_back(bed: TestBed, gauge: str, is_merged: bool):
    """A host is cut off, and another one repeats its part. It comes back before or after the merge."""
    own = bed.copy()
    other = extract(bed, bed.c, own, gauge, "2/2")
    late = extract(bed, bed.b, own, gauge, "1/2")
    interrupt(own, gauge, lambda: bed.network.cut_off(bed.b))
    again = extract(bed, bed.c, own, gauge, "1/2")
    assert (code_of(other), code_of(again)) == (0, 0)
    if is_merged:
        bed.merge(own, gauge)
    bed.network.bring_back(bed.b)
    code = code_of(late)
    if not is_merged:
        assert code == 0, f"the part that came back ended with {code}"
        bed.merge(own, gauge)
    bed.check(own, gauge)
    moment = "after" if is_merged else "before"
    print(f"{gauge}: a part came back {moment} the merge and ended with {code}", flush=True)


def merges_at_once(bed: TestBed, gauge: str):
    """Two hosts merge at once. They do not see the locks of each other."""
    own = extracted(bed, gauge)
    codes = [code_of(merge) for merge in [start_merge(bed, host, own, gauge) for host in (bed.b, bed.c)]]
    bed.merge(own, gauge)
    bed.check(own, gauge)
    print(f"{gauge}: two merges at once ended with {codes}", flush=True)


def merge_comes_back(bed: TestBed, gauge: str):
    """A host is cut off when it begins to publish, and another one merges."""
    own = extracted(bed, gauge)
    late = start_merge(bed, bed.b, own, gauge)
    lock = own / "terms" / f"train-{gauge}" / ".tropex-lock"
    until(lock.exists, f"a merge of {own} begins")
    bed.network.cut_off(bed.b)
    code = code_of(start_merge(bed, bed.c, own, gauge))
    assert code == 0, f"the other merge ended with {code}"
    bed.network.bring_back(bed.b)
    code = code_of(late)
    bed.check(own, gauge)
    print(f"{gauge}: a merge came back after another one and ended with {code}", flush=True)


def extracted(bed: TestBed, gauge: str) -> Path:
    """A run with two finished parts."""
    own = bed.copy()
    parts = [extract(bed, host, own, gauge, part) for host, part in [(bed.b, "1/2"), (bed.c, "2/2")]]
    assert [code_of(part) for part in parts] == [0, 0]
    return own


def extract(bed: TestBed, host, run: Path, gauge: str, part: str) -> subprocess.Popen:
    words = ["extract", run, "--gauge", gauge, *OPTIONS, *BATCH, "--quiet", "--part", part]
    return host.start(bed.program, *words, stdout=subprocess.DEVNULL)


def start_merge(bed: TestBed, host, run: Path, gauge: str) -> subprocess.Popen:
    words = ["merge", run, "--gauge", gauge, *OPTIONS, "--quiet"]
    return host.start(bed.program, *words, stdout=subprocess.DEVNULL)


def interrupt(run: Path, gauge: str, how):
    """Interrupts the first of two parts: in the midst of its first file with the worst-case gauge, whose
    parts do not wait, and after the first stage with the others."""
    parts = run / "terms" / f"train-{gauge}" / "parts-of-2"
    first = parts / "part-1"

    def is_time() -> bool:
        if gauge == "worst-case":
            return is_writing_terms(first)
        return len(list(parts.glob("part-*/*stage-1.part"))) == 2

    until(is_time, f"{first} is in its midst")
    how()
    assert not any(first.glob("shard-*.part")), f"{first} ended before it was interrupted"
