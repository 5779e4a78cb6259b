"""The console beside kaskade on the same Apache Kafka, which has a thousand topics and a hundred
groups. KASKADE names the command kaskade; without it ours is measured alone.
"""
import os
import subprocess
import tempfile

from tools import CONSOLE, GROUPS, KDECK, TRAFFIC, figures, say

KASKADE = os.environ.get("KASKADE", "")
TOPICS, PARTITIONS, OF_GROUPS, GROUP_COUNT = 990, 3, 10, 100
REST_S = 10
A_ROW = "topic-0"


def version():
    said = subprocess.run([KASKADE, "--version"], capture_output=True).stdout.decode().split()
    return said[-1] if said else "unknown"


def start(samples, name, seconds, key, *command):
    """A home of its own: what a user keeps there is none of the benchmark's."""
    with tempfile.TemporaryDirectory(prefix="kdeck-bench-") as home:
        r = figures(CONSOLE, "rows", home, key, A_ROW, seconds, *command)
    for part, value in r.items():
        samples.add("%s %s" % (name, part), value)


def measure_on(samples, address, rounds):
    """Ours opens on the overview, kaskade on the topics. Each once before the first that counts."""
    both = [("kdeck", "3", os.path.abspath(KDECK), "-b", address)]
    if KASKADE:
        both.append(("kaskade", "-", os.path.abspath(KASKADE), "admin", "-b", address))
    for name, *how in both:
        start(samples, "first " + name, 0, *how)
    for i in range(rounds):
        for name, *how in both[::-1] if i % 2 else both:
            start(samples, name, 0 if i else REST_S, *how)


def measure(samples, cluster, rounds):
    figures(TRAFFIC, "topics", cluster.bootstrap, TOPICS, PARTITIONS, 1)
    figures(GROUPS, "make", cluster.bootstrap, GROUP_COUNT, PARTITIONS)
    measure_on(samples, cluster.bootstrap, rounds)
    say("the console on Apache Kafka done" if KASKADE else
        "the console on Apache Kafka done; KASKADE is not set: without kaskade beside it")


def report(t):
    def row(what, part, **goal):
        t.row(what, "kdeck " + part, "kaskade " + part, **goal)

    row("console on Kafka, 1,000 topics, 100 groups: rows, ms", "rows_ms", most=150, share=12.5)
    row("  CPU of its first 20 s, s", "cpu_s")
    row("  CPU at rest, %", "rest_percent", most=1)
    row("  memory (RSS), MB", "rss", share=25)
