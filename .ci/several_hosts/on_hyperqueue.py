"""The tasks of a plan on a HyperQueue server with two workers."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from network import Host, code_of, until
from test_bed import BATCH, HERE, OPTIONS, TestBed, is_writing_terms

PROGRAM = HERE / "hyperqueue_host.py"


class Entry(NamedTuple):
    """A line of the log of tasks."""

    event: str
    host: str
    code: str
    words: str


class Queue:
    """A server, and a worker on each of the other hosts."""

    def __init__(self, bed: TestBed):
        self._bed, self.folder = bed, bed.shared / "server"
        self.server = bed.serve(bed.server, PROGRAM, "server", self.folder)
        self.workers = {host.name: self._worker(host) for host in (bed.b, bed.c)}

    def _worker(self, host: Host) -> subprocess.Popen:
        own = tempfile.mkdtemp(prefix=f"{host.name}-", dir=self._bed.local)
        return self._bed.serve(host, PROGRAM, "worker", self.folder, own, 2)

    def renew(self, host: Host):
        """Starts a worker again, which ends as soon as it sees that it has lost its server."""
        until(lambda: self.workers[host.name].poll() is not None, f"the worker of {host.name} ends")
        self.workers[host.name] = self._worker(host)

    def submit(self, run: Path, gauge: str, parts: int) -> subprocess.Popen:
        plan = self._bed.local / "plan.json"
        options = ["--gauge", gauge, *OPTIONS, *BATCH, "--parts", parts, "--json"]
        plan.write_text(self._bed.tropex("plan", run, *options))
        logs = self._logs(run)
        logs.mkdir()
        words = [PROGRAM, "submit", self.folder, HERE / "task", plan, logs]
        with open(self._bed.local / "submit.log", "w") as log:
            return self._bed.server.start(sys.executable, *words, stderr=log)

    def _logs(self, run: Path) -> Path:
        return self._bed.shared / f"logs-{run.name}"

    def errors(self, run: Path) -> str:
        """What tasks of a run wrote to their error outputs."""
        return "".join(sorted({file.read_text() for file in self._logs(run).glob("*.err")}))

    def entries(self, run: Path) -> list[Entry]:
        """What tasks of a run have said."""
        entries = (Entry(*line.split(" ", 3)) for line in self._bed.log.read_text().splitlines())
        return [entry for entry in entries if str(run) in entry.words.split()]

    def running(self, run: Path) -> set[tuple[str, str]]:
        """Hosts and words of the tasks of a run that have not ended."""
        entries = self.entries(run)
        started, ended = ({entry[1::2] for entry in entries if entry.event == of} for of in ("start", "end"))
        return started - ended


def worker_comes_back(bed: TestBed, queue: Queue, gauge: str, parts: int):
    """A worker is cut off in the midst of a task. Others get the task; the first one ends it too."""
    own, host = bed.copy(), bed.b
    job = queue.submit(own, gauge, parts)
    words = cut_off_in_midst(bed, queue, host, own, job)
    start = time.monotonic()
    is_again = lambda entry: entry.event == "start" and entry.words == words and entry.host != host.name
    until(lambda: any(map(is_again, queue.entries(own))), f"another host gets {words}")
    waited = time.monotonic() - start
    bed.network.bring_back(host)
    queue.renew(host)
    code = code_of(job)
    assert code == 0, f"the job ended with {code}: {queue.errors(own)}"
    until(lambda: not queue.running(own), f"all tasks of {own} end")
    bed.check(own, gauge)
    print(f"{gauge}, {parts} parts: {told(queue.entries(own), host, words)} after {waited:.0f} s", flush=True)


def told(entries: list[Entry], host: Host, words: str) -> str:
    """How often tasks ran, and how that of a host ended."""
    started = [entry.words for entry in entries if entry.event == "start"]
    code = next(code for event, *of, code, said in entries if (event, *of, said) == ("end", host.name, words))
    tasks = len(set(started))
    return f"{tasks} tasks, {len(started) - tasks} repeated; {host.name} ended one with {code}, given to another"


def cut_off_in_midst(bed: TestBed, queue: Queue, host: Host, run: Path, job) -> str:
    """Cuts a host off in the midst of the work of a part, and returns the words of its task."""
    while True:
        words = until(lambda: task_in_midst(queue, host, run, job), f"a task in its midst on {host.name}")
        bed.network.cut_off(host)
        # It may have ended before the cut.
        if is_in_midst(words):
            return words
        bed.network.bring_back(host)


def task_in_midst(queue: Queue, host: Host, run: Path, job) -> str | None:
    assert job.poll() is None, "the job ended before a task was in its midst"
    own = (words for name, words in queue.running(run) if name == host.name)
    return next(filter(is_in_midst, own), None)


def is_in_midst(words: str) -> bool:
    """Whether a task has written some, but not all, of the files of terms or of the second stage."""
    found = re.match(r"\S+ extract (\S+) .*--part (\d+)/(\d+)(?: --stage (\d+))?$", words)
    if not found:
        return False
    run, part, of, stage = found.groups()
    gauge = re.search("--gauge ([a-z-]+)|$", words)[1] or "worst-case"
    folder = Path(run, "terms", f"train-{gauge}", f"parts-of-{of}", f"part-{part}")
    if gauge == "worst-case":
        return is_writing_terms(folder)
    search = "1-" if gauge == "calibrated" else ""
    rows = folder.glob(f"rows-{search}2-*/*.rows")
    return stage == "2" and any(rows) and not any(folder.glob("*stage-2.part"))
