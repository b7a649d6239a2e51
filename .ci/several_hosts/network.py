"""Hosts: network, process ids, mounts and a name of their own each, joined by a switch."""

import itertools
import subprocess
import time
from pathlib import Path

#: Seconds until an event that does not come is an error.
PATIENCE = 600

#: Seconds between two looks whether it has come.
PAUSE = 0.002

#: First numbers of the addresses.
NET = "10.77.0"


def until(event, what: str):
    """Waits until a function returns something true, and returns it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := event()):
        if time.monotonic() > deadline:
            raise SystemExit(f"error: {what}: this did not happen within {PATIENCE} s")
        time.sleep(PAUSE)
    return found


def code_of(process: subprocess.Popen) -> int:
    """Waits until a process ends, and returns its code."""
    until(lambda: process.poll() is not None, f"the end of {' '.join(map(str, process.args))}")
    return process.returncode


class Namespaces:
    """New namespaces, which last as long as their first process."""

    def __init__(self, kinds: list[str], first: str, *arguments: str):
        # The program of a killed script ends with it, and so do the namespaces.
        command = ["unshare", *kinds, "--fork", "--kill-child", "sh", "-c", first, "sh", *arguments]
        self._unshare = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._unshare.stdout.readline() != "ready\n":
            raise SystemExit("error: cannot make namespaces: see the message of `unshare`")
        self.process = children(self._unshare.pid)[0]

    def command(self, kinds: list[str], command) -> list[str]:
        return ["nsenter", "--target", str(self.process), *kinds, "--", *map(str, command)]

    def end(self):
        self._unshare.kill()
        self._unshare.wait()


class Host(Namespaces):
    """A host. Its processes see none of those of other hosts."""

    KINDS = ["--net", "--uts", "--mount", "--pid"]

    #: It ends when its input does, which is a pipe of the script.
    FIRST = """
        hostname "$1" && mount --bind "$2" /etc/hosts && ip link set lo up && echo ready &&
        exec cat > /dev/null"""

    def __init__(self, name: str, names: Path, environment: dict):
        super().__init__([*self.KINDS, "--mount-proc"], self.FIRST, name, str(names))
        self.name, self._environment = name, environment

    def start(self, *command, **options) -> subprocess.Popen:
        return subprocess.Popen(self.command(self.KINDS, command), env=self._environment, **options)

    def run(self, *command):
        if (code := self.start(*command, stdout=subprocess.DEVNULL).wait()) != 0:
            raise SystemExit(f"error: {self.name}: {' '.join(map(str, command))} ended with {code}")

    def kill(self, process: subprocess.Popen):
        """Kills a started process, which is the child of the one that entered the host."""
        subprocess.run(["kill", "-KILL", *map(str, children(process.pid))], check=True)
        process.wait()


class Network:
    """Hosts and the switch between them. The network of the machine does not see them."""

    def __init__(self, folder: Path, names: list[str], environment: dict):
        addresses = {name: f"{NET}.{number}" for number, name in enumerate(names, 1)}
        known = folder / "hosts"
        lines = [f"{address} {name}" for name, address in {"localhost": "127.0.0.1", **addresses}.items()]
        known.write_text("\n".join(lines) + "\n")
        self._switch = Namespaces(["--net"], "echo ready && exec cat > /dev/null")
        self._ip("link", "add", "bridge", "type", "bridge")
        self._ip("link", "set", "bridge", "up")
        self.hosts = {name: Host(name, known, environment) for name in names}
        for name, host in self.hosts.items():
            pair = ["type", "veth", "peer", "name", "eth0", "netns", str(host.process)]
            self._ip("link", "add", name, *pair)
            self._ip("link", "set", name, "master", "bridge", "up")
            host.run("ip", "address", "add", f"{addresses[name]}/24", "dev", "eth0")
            host.run("ip", "link", "set", "eth0", "up")

    def _ip(self, *words: str):
        subprocess.run(self._switch.command(["--net"], ["ip", *words]), check=True)

    def cut_off(self, host: Host):
        self._ip("link", "set", host.name, "down")

    def bring_back(self, host: Host):
        self._ip("link", "set", host.name, "up")

    def end(self):
        for one in itertools.chain(self.hosts.values(), [self._switch]):
            one.end()


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
