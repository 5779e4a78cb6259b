"""The programs that load, and what the processes that are loaded use."""
import os
import subprocess
import sys
import threading
import time

from kdecktest import BUILD

TRAFFIC = os.path.join(BUILD, "tests/bench/bench_traffic")
RAW = os.path.join(BUILD, "tests/bench/bench_raw")
GROUPS = os.path.join(BUILD, "tests/bench/bench_groups")
CONSOLE = os.path.join(BUILD, "tests/bench/bench_console")
KDECK = os.path.join(BUILD, "kdeck")
MB = 1e6
TICK = os.sysconf("SC_CLK_TCK")
PROCESS_CPU = 2  # Linux: the number of a process's clock is its pid inverted, and this


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def figures(program, *args, stdin=None):
    """One run of a tool; its line of names and numbers as a dict."""
    done = subprocess.run([program] + [str(a) for a in args], capture_output=True, timeout=120,
                          input=stdin)
    if done.returncode != 0:
        sys.exit("bench: %s %s: exit %d: %s" % (
            os.path.basename(program), args[0], done.returncode,
            (done.stderr + done.stdout).decode(errors="replace").strip()))
    words = done.stdout.split()
    return {k.decode(): float(v) for k, v in zip(words[::2], words[1::2])}


def cpu_seconds(pid):
    """By the process's own clock: /proc counts in steps of 10 ms."""
    return time.clock_gettime((~pid << 3) | PROCESS_CPU)


def cpu_parts(pid):
    """(user, system) seconds, in steps of 10 ms."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) / TICK, int(fields[12]) / TICK


def rss_anon_kb(pid):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    raise AssertionError("no RssAnon")


class Peak:
    """The largest RssAnon of one of these processes while a load runs, looked at every 10 ms."""

    def __init__(self, pids):
        self.pids, self.kb, self.over = pids, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.01):
            self.kb = max([self.kb] + [rss_anon_kb(pid) for pid in self.pids])

    @property
    def mb(self):
        return self.kb * 1024 / MB

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *what):
        self.over.set()
        self.thread.join()
