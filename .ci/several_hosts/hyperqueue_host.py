"""What a host does for HyperQueue.

    python hyperqueue_host.py server FOLDER
    python hyperqueue_host.py worker FOLDER OWN CORES     a worker of the server of FOLDER
    python hyperqueue_host.py submit FOLDER PROGRAM PLAN.json LOGS
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from hyperqueue import Client
from hyperqueue.cluster import LocalCluster, WorkerConfig

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from hyperqueue_tasks import job_of

#: The link in the folder of a server to its files.
CURRENT = "hq-current"


def serve(folder: str):
    _cluster = LocalCluster(folder)
    print("ready", flush=True)
    signal.pause()


def work(folder: str, own: str, cores: str):
    """A worker, until it loses its server."""
    # The package starts workers of its own server only. A worker reads the files of its server when it
    # starts, and so the link leads it to another server.
    cluster = LocalCluster(own)
    link = Path(own) / CURRENT
    link.unlink()
    # sshfs does not read the link there.
    link.symlink_to(next(entry for entry in Path(folder).iterdir() if entry.name.isdigit()))
    before = threads()
    cluster.start_worker(WorkerConfig(cores=int(cores)))
    # The package does not say when a worker ends, but its thread does, which starts others.
    worker = min(threads() - before)
    print("ready", flush=True)
    while worker in threads():
        time.sleep(0.01)
    os._exit(0)


def threads() -> set[int]:
    return set(map(int, os.listdir("/proc/self/task")))


def submit(folder: str, program: str, plan: str, logs: str):
    client, tasks = Client(folder), json.loads(Path(plan).read_text())["tasks"]
    submitted = client.submit(job_of(program, tasks, Path(logs)))
    sys.exit(not client.wait_for_jobs([submitted], raise_on_error=False))


if __name__ == "__main__":
    {"server": serve, "worker": work, "submit": submit}[sys.argv[1]](*sys.argv[2:])
