"""The benchmark: kdeck-broker against librdkafka's in-process mock broker, in turn, in one run.

  run.py [--rounds N] [--records N] [--keep]

What is compared is a ratio of one run on one machine: the mock keeps the last 5 MB of a partition
in memory and has no process of its own, so it shows what the client can reach at most. Beside it
stand rows of what the machine does without any broker. --keep writes the table to
docs/bench/YYYY-MM-DD.txt of the source tree too.
"""
import argparse
import datetime
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
import apache  # noqa: E402
import coordinator  # noqa: E402
import machine  # noqa: E402
import many  # noqa: E402
import rates  # noqa: E402
from kdecktest import Broker  # noqa: E402
from memory import Memory  # noqa: E402
from table import Samples, Table  # noqa: E402
from tools import CONSOLE, GROUPS, KDECK, MB, RAW, TRAFFIC, figures, say  # noqa: E402

PARTITIONS, BYTES = 3, 100
MANY_TOPICS = 1000
MANY_GROUPS, GROUP_PARTITIONS = 1000, 10
GROUP_TOPICS, ALL_TOPICS = 100, 1000  # those that bench_groups makes, and those there are then

METHOD = """\
pairs      ours and the yardstick in turn, the other one first in every second pair; a ratio is
           the median of the pairs' ratios
memory     before each of the two, what the broker writes is written twice and removed until
           that goes fast: both begin with free memory that the machine has just used. A virtual
           machine that gives free memory back to its host pays for each page of it anew: the
           rows "cold" show that state
control    plain write: the bytes of a broker's segments, one write(2) for each of their
           batches, to as many files in the same folder, at once after the broker's turn
client     librdkafka, one producer, 3 partitions, its own partitioner, acks 1, linger 5 ms,
           10,000 records or 1 MB a batch, no compression, payload not copied, and a poll after
           each record: the loop of librdkafka's own rdkafka_performance, for both sides
yardstick  librdkafka's in-process mock broker, which keeps the last 5 MB of a partition in
           memory and writes nothing; it cannot hold what a fetch is to read, so there it is the
           same segments by sendfile through one loopback connection. Both readers receive
           3 MB at a time and check every CRC; ours sends a request for each 3 MB
groups     1,000 groups of one member with 10 partitions each, in 100 of 1,000 topics with 10
           partitions each; a refresh by hand: from the questions for metadata and for the list
           of groups (then descriptions, commits, ends: one request each) to the snapshot in
           which the metadata, every topic's offsets, every commit and end are newer than that
members    one connection each, put together by hand (coordinator.py); the rebalance is one that
           the leader begins, from the last member's JoinGroup to the last answer to SyncGroup;
           commits are sent a hundred at a time without waiting for each
Kafka      Apache Kafka with 1 GB of heap a broker. One broker of each kind, then three with
           replication factor 3: both kinds there all the time and loaded in turn by the client
           above, a new topic for each load; three loads of each kind go to Kafka before the
           first that counts. CPU is that of all brokers until they are at rest again
consoles   on one broker of Apache Kafka with 1,000 topics of 3 partitions and 100 groups, on a
           terminal of 120 x 40: from exec to a topic's row on the screen (kdeck opens on its
           overview: the key for the topics is pressed at the first frame); each once before
           the first that counts, then in turn. CPU of the first 20 s and of the 10 s after it,
           nothing pressed: kdeck asks the cluster every second, kaskade every 30 s by itself
one record the next one goes out when it is there: at the client as an acknowledgement (acks all),
           or at a consumer in the same process (end to end); linger 0, 100 B, one partition
"""


# ---- the rest --------------------------------------------------------------------------------

def measure_latency(samples, rounds, records=3000):
    for _ in range(rounds):
        with Broker() as b:
            for kind, address, name in (("e2e", b.address, "latency"), ("ack", b.address, "ack"),
                                        ("mock", "mock", "ack")):
                r = figures(TRAFFIC, name, address, kind, records, BYTES)
                for part in ("p50_ms", "p99_ms", "p999_ms"):
                    samples.add("%s %s" % (kind, part), r[part])
    say("latency done")


def measure_start(samples, times=7):
    for _ in range(times):
        began = time.monotonic()
        with Broker() as b:
            samples.add("ready", (time.monotonic() - began) * 1e3)
            # One request of each kind a client starts with: at rest after that is idle.
            figures(TRAFFIC, "produce", b.address, "t", 3, BYTES, "all")
            samples.add("idle", b.rss_anon_kb() * 1024 / MB)
    say("start done")


def list_topics(samples, name, address, times=7):
    for _ in range(times):
        began = time.monotonic()
        done = subprocess.run([KDECK, "topics", "--bootstrap-server", address, "--list"],
                              capture_output=True, timeout=60)
        if done.returncode != 0:
            say("kdeck topics --list: exit %d" % done.returncode)
            return
        samples.add(name, (time.monotonic() - began) * 1e3)


def measure_console(samples, name, address, times=7, keys=200):
    """A home of its own: what a user keeps there is none of the benchmark's."""
    with tempfile.TemporaryDirectory(prefix="kdeck-bench-") as home:
        r = figures(CONSOLE, os.path.abspath(KDECK), address, home, times, keys)
    for part, value in r.items():
        samples.add("%s %s" % (name, part), value)


def measure_topics(samples, rounds):
    with Broker() as b:
        made = figures(TRAFFIC, "topics", b.address, MANY_TOPICS, PARTITIONS, 1)
        samples.add("make topics", made["seconds"] * 1e3)
        samples.add("many memory", b.rss_anon_kb() * 1024 / MB)
        for _ in range(rounds):
            b.kill()
            began = time.monotonic()
            b.start()
            samples.add("restart", (time.monotonic() - began) * 1e3)
        list_topics(samples, "list many", b.address)
        measure_console(samples, "console many", b.address)
    with Broker() as b:
        figures(TRAFFIC, "topics", b.address, 10, PARTITIONS, 1)
        list_topics(samples, "list", b.address)
        measure_console(samples, "console", b.address)
    say("%d topics and the console done" % MANY_TOPICS)


def measure_groups(samples):
    with Broker(group_initial_rebalance_delay_ms=0) as b:
        figures(TRAFFIC, "topics", b.address, ALL_TOPICS - GROUP_TOPICS, GROUP_PARTITIONS, 1)
        figures(GROUPS, "make", b.address, MANY_GROUPS, GROUP_PARTITIONS)
        r = figures(GROUPS, "refresh", b.address, MANY_GROUPS, 15)
        samples.add("lag", r["refresh_ms"])
        samples.add("lag worst", r["worst_ms"])
        measure_console(samples, "console groups", b.address, times=3)
    say("%d groups done" % MANY_GROUPS)


# ---- the report ------------------------------------------------------------------------------

def report_console(t):
    t.row("console: first frame, ms", "console first_ms", most=50)
    t.row("  the cluster's state on it, ms", "console state_ms")
    t.row("  key to a new screen, p50 ms", "console key_p50_ms", most=16)
    t.row("  key to a new screen, p99 ms", "console key_p99_ms", most=16)
    t.row("  memory (RSS), MB", "console rss", most=30)
    t.row("console on 1,000 topics: first frame, ms", "console many first_ms", most=50)
    t.row("  the cluster's state on it, ms", "console many state_ms")
    t.row("  key to a new screen, p50 ms", "console many key_p50_ms", most=16)
    t.row("  key to a new screen, p99 ms", "console many key_p99_ms", most=16)
    t.row("  memory (RSS), MB", "console many rss", most=30)
    t.row("10,000 partitions, 1,000 groups: all anew, ms", "lag", most=250)
    t.row("  the slowest of 15, ms", "lag worst", most=250)
    t.row("  first frame, ms", "console groups first_ms", most=50)
    t.row("  key to a new screen, p99 ms", "console groups key_p99_ms", most=16)
    t.row("  memory (RSS), MB", "console groups rss", most=30)


def report(samples):
    t = Table(samples)
    rates.report(t)
    for part, name in (("p50_ms", "p50"), ("p99_ms", "p99"), ("p999_ms", "p99.9")):
        t.row("one record, acks all, to its ack, %s ms" % name, "ack " + part, "mock " + part)
    for part, name in (("p50_ms", "p50"), ("p99_ms", "p99"), ("p999_ms", "p99.9")):
        t.row("one record, acks all, end to end, %s ms" % name, "e2e " + part,
              most=0.3 if name == "p50" else None)
    t.row("start to ready, new folder, ms", "ready", most=50)
    t.row("RssAnon idle, MB", "idle", most=6)
    t.row("1,000 topics x 3 partitions made, ms", "make topics")
    t.row("  ready again after kill -9, ms", "restart", most=2000)
    t.row("  RssAnon, MB", "many memory")
    t.row("topics --list, 10 topics, ms", "list", most=30)
    t.row("topics --list, 1,000 topics, ms", "list many")
    coordinator.report(t)
    report_console(t)
    many.report(t)
    apache.report(t)
    return t


def keep(text, day):
    folder = os.path.join(HERE, "..", "..", "docs", "bench")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, day + ".txt"), "w") as f:
        f.write(text)
    say("kept as docs/bench/%s.txt" % day)


def arguments():
    parser = argparse.ArgumentParser(description="kdeck-broker against a memory-only yardstick")
    parser.add_argument("--rounds", type=int, default=5, help="pairs (5)")
    parser.add_argument("--records", type=int, default=2000000,
                        help="records of 100 B a round (2000000); of 1 KB a quarter of that")
    parser.add_argument("--keep", action="store_true", help="write docs/bench/YYYY-MM-DD.txt too")
    args = parser.parse_args()
    if args.rounds < 1 or args.records < 1000:
        parser.error("--rounds is 1 or more, --records 1000 or more")
    return args


def measure_all(args, samples):
    memory = Memory(RAW)
    rates.measure(samples, memory, args.records, args.rounds)
    os.sync()  # what the disk still has to do for files that are gone is no part of what follows
    measure_latency(samples, min(args.rounds, 3))
    measure_start(samples)
    measure_topics(samples, min(args.rounds, 3))
    measure_groups(samples)
    coordinator.measure(samples, args.rounds)
    say("the coordinator done")
    many.measure(samples, figures, TRAFFIC)
    say("many partitions done")
    apache.measure(samples, memory, args.records, min(args.rounds, 3))


def page(args, samples, machine_lines, took):
    lines = ["kdeck bench, %s" % datetime.date.today().isoformat(), ""]
    lines += machine_lines + METHOD.splitlines() + [""] + list(report(samples).lines()) + [""]
    lines += list(rates.spreads(samples)) + list(apache.spreads(samples))
    lines.append("pairs: %d, of %s records of 100 B and of %s of 1 KB; %.0f s in all" % (
        args.rounds, "{:,}".format(args.records), "{:,}".format(args.records // 4), took))
    if machine.makefile("SAN_CFLAGS"):
        lines.append("built with sanitizers: these figures are no measure of speed")
    return "\n".join(lines) + "\n"


def main():
    args, samples = arguments(), Samples()
    # As by Ctrl-C: what was started ends too, and what is measured by then is printed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    need = rates.room(args.records)
    if shutil.disk_usage(tempfile.gettempdir()).free < need:
        sys.exit("bench: the folder for temporary files has no room for %d MB; set TMPDIR to one "
                 "that has" % (need / MB))
    began = time.monotonic()
    machine_lines = machine.shape(machine.busy_share())
    try:
        measure_all(args, samples)
    finally:
        text = page(args, samples, machine_lines, time.monotonic() - began)
        print(text, end="", flush=True)
    if args.keep:
        keep(text, datetime.date.today().isoformat())


main()
