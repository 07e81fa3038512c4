"""Starting and ending processes, and what they cost as the kernel counts it."""

import os
import socket
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# More processor time of others than this share of the machine, and a round is noisy.
NOISE = 0.08


class Failed(Exception):
    """What is being measured did not do what it must."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command, env=None, log=None, **options):
    """A process of ours. What it prints goes to `log`, or nowhere."""
    out = open(log, "ab") if log else subprocess.DEVNULL
    return subprocess.Popen(command, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, **options)


def stop(process, seconds=15, how=15):
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(what, check, process=None, seconds=60):
    """Until `check` gives something, which is returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        if process and process.poll() is not None:
            raise Failed(f"{what} ended with {process.returncode}")
        time.sleep(0.02)
    raise Failed(f"{what} was not ready in {seconds} s")


def _stats():
    """Of each process: its parent, processor time with that of children that ended, resident bytes."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICK, int(fields[21]) * PAGE)
    return found


def _tree(stats, root):
    children = {}
    for pid, (parent, *_) in stats.items():
        children.setdefault(parent, []).append(pid)
    todo, seen = [root], []
    while todo:
        pid = todo.pop()
        if pid in stats:
            seen.append(pid)
            todo += children.get(pid, [])
    return seen


def tree_cpu(pid):
    """Seconds of processor time of a process and all under it."""
    stats = _stats()
    return sum(stats[each][1] for each in _tree(stats, pid))


def tree_rss(pid):
    """Resident bytes of a process and all under it. Shared pages count for each."""
    stats = _stats()
    return sum(stats[each][2] for each in _tree(stats, pid))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


class Watch:
    """How much of the machine others take: all processor time but that of this process and what it started."""

    def __init__(self):
        self.at, self.busy, self.own = time.monotonic(), self._busy(), self._own()

    @staticmethod
    def _busy():
        user, nice, system, _idle, _wait, irq, soft, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
        return (user + nice + system + irq + soft) / TICK

    @staticmethod
    def _own():
        # What ended is in its parent's sum.
        return tree_cpu(os.getpid())

    def others(self):
        """Their share of all processors since this was made."""
        elapsed = max(time.monotonic() - self.at, 0.01)
        busy = (self._busy() - self.busy) - (self._own() - self.own)
        return max(0.0, busy / elapsed / os.cpu_count())


def wait_until_quiet(seconds):
    """Waits for others to rest, so long at the most, and says whether they do."""
    end = time.monotonic() + seconds
    while True:
        watch = Watch()
        time.sleep(0.3)
        if watch.others() < NOISE:
            return True
        if time.monotonic() > end:
            return False
