"""Runs the tasks of `tropex plan --json` on a HyperQueue server with its workers.

    python hyperqueue_tasks.py PROGRAM PLAN.json [--workers 4] [--kills 0] [--logs FOLDER]

With --kills, that many running tasks are killed at random moments. A failed job is submitted again, as
often as it takes.
"""

import argparse
import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

from hyperqueue import Client, Job
from hyperqueue.cluster import LocalCluster, WorkerConfig

# Seconds between two kills: a task takes about as long.
SHORTEST, LONGEST = 0.05, 2.0


def job_of(program: str, tasks: list, logs: Path) -> Job:
    job, made = Job(default_workdir=Path.cwd(), max_fails=0), {}
    for task in tasks:
        log = logs / f"{task['step']}-{task['id']}"
        made[task["id"]] = job.program(
            [program, *task["command"][1:]],
            cwd=Path.cwd(),
            stdout=f"{log}.out",
            stderr=f"{log}.err",
            deps=[made[other] for other in task["after"]],
        )
    return job


def running_tasks(program: str) -> list:
    """Processes of a program that this process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            is_ours = int(parent) == os.getpid() and os.readlink(entry / "exe") == program
        except (OSError, IndexError):
            continue  # it has ended
        if is_ours:
            found.append(int(entry.name))
    return found


class Killer(threading.Thread):
    """Kills running tasks at random moments."""

    def __init__(self, program: str, kills: int):
        super().__init__(daemon=True)
        self.program, self.left, self.ended = program, kills, threading.Event()

    def run(self):
        chance = random.Random(0)
        while self.left > 0 and not self.ended.wait(chance.uniform(SHORTEST, LONGEST)):
            tasks = running_tasks(self.program)
            if tasks:
                os.kill(chance.choice(tasks), signal.SIGKILL)
                self.left -= 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("plan", type=Path)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--logs", type=Path, default=Path("logs"))
    given = parser.parse_args()
    program, logs = os.path.realpath(given.program), given.logs.absolute()
    logs.mkdir(parents=True, exist_ok=True)
    tasks = json.loads(given.plan.read_text())["tasks"]
    killer, submissions = Killer(program, given.kills), 0
    with LocalCluster() as cluster:
        for _ in range(given.workers):
            cluster.start_worker(WorkerConfig(cores=1))
        client: Client = cluster.client()
        killer.start()
        is_done = False
        while not is_done:
            submissions += 1
            if submissions > given.kills + 1:
                sys.exit(f"the job failed without a kill; its outputs are in {logs}")
            submitted = client.submit(job_of(program, tasks, logs))
            is_done = client.wait_for_jobs([submitted], raise_on_error=False)
        killer.ended.set()
    killed = given.kills - killer.left
    print(f"{len(tasks)} tasks, {given.workers} workers, {killed} killed, {submissions} submissions")


if __name__ == "__main__":
    main()
