"""Runs the tasks of `tropex plan --json` or `tropex submit --dry-run --json` on a HyperQueue server with
its workers.

    python hyperqueue_tasks.py PROGRAM PLAN.json [--workers 4] [--kills 0] [--logs FOLDER]

With --kills, that many running tasks are killed at random moments. A failed job is submitted again, as
often as it takes.
"""

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import time
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


def running_tasks(parent: int, program: str) -> list:
    """Processes of a program that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            started_by = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            is_task = int(started_by) == parent and os.readlink(entry / "exe") == program
        except (OSError, IndexError):
            continue  # it has ended
        if is_task:
            found.append(int(entry.name))
    return found


def kill_tasks(parent: int, program: str, left):
    """Kills tasks at random moments. A process of its own, because HyperQueue holds Python's lock."""
    chance = random.Random(0)
    while left.value > 0:
        time.sleep(chance.uniform(SHORTEST, LONGEST))
        tasks = running_tasks(parent, program)
        if tasks:
            try:
                os.kill(chance.choice(tasks), signal.SIGKILL)
            except ProcessLookupError:
                continue  # it has just ended
            left.value -= 1


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
    plan = json.loads(given.plan.read_text())
    tasks = plan.get("plan", plan["tasks"])
    left = multiprocessing.Value("i", given.kills)
    killer = multiprocessing.Process(
        target=kill_tasks, args=(os.getpid(), program, left), daemon=True
    )
    killer.start()
    submissions = 0
    with LocalCluster() as cluster:
        for _ in range(given.workers):
            cluster.start_worker(WorkerConfig(cores=1))
        client: Client = cluster.client()
        is_done = False
        while not is_done:
            submissions += 1
            if submissions > given.kills + 1:
                sys.exit(f"the job failed without a kill; its outputs are in {logs}")
            submitted = client.submit(job_of(program, tasks, logs))
            is_done = client.wait_for_jobs([submitted], raise_on_error=False)
    killer.terminate()
    killed = given.kills - left.value
    print(f"{len(tasks)} tasks, {given.workers} workers, {killed} killed, {submissions} submissions")


if __name__ == "__main__":
    main()
