"""Three hosts with a shared folder, and a run whose terms one process has extracted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from network import Host, Network

HERE = Path(__file__).resolve().parent

#: The port of the shared folder on its server.
PORT = 7000

GAUGES = ["worst-case", "tight", "calibrated"]

TRAIN = "train fcn4 --dataset embedded --limit 2000 --epochs 1 --quiet".split()

#: Small batches make many files of rows, so that a cut finds a stage in its midst.
BATCH = ["--batch", "8"]

#: The calibrated gauge compares all images in its trials, so that one search suffices.
OPTIONS = ["--shard-megabytes", "4", "--check", "2000"]


class TestBed:
    """The hosts: a server, which has the shared folder, and two workers, which see it over the network."""

    def __init__(self, folder: Path, program: str, sftp_server: str):
        self.program, self.local = program, folder
        self.shared, self.log = folder / "shared", folder / "tasks.log"
        self.shared.mkdir()
        self.log.touch()
        self._copies = 0
        own = {"TASK_LOG": str(self.log), "TASK_PROGRAM": program}
        self.network = Network(folder, ["server", "worker-b", "worker-c"], os.environ | own)
        self.server, self.b, self.c = self.network.hosts.values()
        self.serve(self.server, HERE / "shared_folder.py", "0.0.0.0", PORT, sftp_server)
        for host in (self.b, self.c):
            host.run("sshfs", "-o", f"directport={PORT}", f"server:{self.shared}", self.shared)
        self._whole = folder / "whole"
        self.tropex(*TRAIN, "--out", self._whole)
        for gauge in GAUGES:
            self.tropex("extract", self._whole, "--gauge", gauge, *OPTIONS, *BATCH, "--quiet")

    def serve(self, host: Host, *command) -> subprocess.Popen:
        """A Python program of a host, which says when it is ready."""
        process = host.start(sys.executable, *command, stdout=subprocess.PIPE, text=True)
        # HyperQueue prints a table before.
        assert "ready\n" in iter(process.stdout.readline, ""), f"{command} on {host.name} ended"
        return process

    def tropex(self, *words) -> str:
        """Runs the command in no host, which sees the folders of the server."""
        command = [self.program, *map(str, words)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def copy(self) -> Path:
        """The run without terms, in the shared folder under a new name: hosts remember for a while what
        they saw under an old one."""
        self._copies += 1
        own = self.shared / f"run-{self._copies}"
        return shutil.copytree(self._whole, own, ignore=shutil.ignore_patterns("terms"))

    def merge(self, own: Path, gauge: str):
        self.tropex("merge", own, "--gauge", gauge, *OPTIONS, "--quiet")

    def check(self, own: Path, gauge: str):
        """The terms are those of one process, and the next merge removes all else."""
        found, expected = (run / "terms" / f"train-{gauge}" for run in (own, self._whole))
        assert_equal(files(found), files(expected))
        self.merge(own, gauge)
        assert_equal(files(found), files(expected))
        names = {path.name for path in found.iterdir()}
        assert names == files(expected).keys(), f"{sorted(names)} are left"
        shutil.rmtree(own)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def assert_equal(found: dict[str, bytes], expected: dict[str, bytes]):
    assert found.keys() == expected.keys(), f"files {sorted(found)}, expected {sorted(expected)}"
    for name, content in expected.items():
        assert found[name] == content, f"{name} has other bytes than that of one process"


def is_writing_terms(part: Path) -> bool:
    """Whether a part has written something of its first file of terms, but has not finished it."""
    is_begun = any(size(file) > 100_000 for file in part.glob(".tropex-*.tmp"))
    return is_begun and not any(part.glob("shard-*.part"))


def size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
