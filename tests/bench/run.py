"""The benchmark: kdeck-broker against librdkafka's in-process mock broker, in turn, in one run.

  run.py [--rounds N] [--records N] [--keep]

What is compared is a ratio of one run on one machine: the mock keeps the last 5 MB of a partition
in memory and has no process of its own, so it shows what the client can reach at most. Beside it
stand rows of what the machine does without any broker. --keep writes the table to
docs/bench/YYYY-MM-DD.txt of the source tree too.
"""
import argparse
import datetime
import glob
import os
import shutil
import signal
import struct
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
from kdecktest import Broker  # noqa: E402
from memory import Memory  # noqa: E402
from table import Samples, Table  # noqa: E402
from tools import (  # noqa: E402
    CONSOLE, GROUPS, KDECK, MB, RAW, TRAFFIC, Peak, cpu_seconds, figures, say)

SMALL, LARGE = 100, 1024
NAMES = {SMALL: "100 B", LARGE: "1 KB"}
PARTITIONS = 3
MANY_TOPICS = 1000
MANY_GROUPS, GROUP_PARTITIONS = 1000, 10
GROUP_TOPICS, ALL_TOPICS = 100, 1000  # those that bench_groups makes, and those there are then
COLD_ROUNDS = 2

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


# ---- what the broker wrote -------------------------------------------------------------------

def segments(broker, topic):
    return sorted(glob.glob(os.path.join(broker.folder, "data", topic + "-*", "*.log")))


def batch_sizes(path):
    with open(path, "rb") as f:
        while True:
            head = f.read(12)
            if len(head) < 12:
                return
            rest = struct.unpack(">i", head[8:])[0]
            yield 12 + rest
            f.seek(rest, 1)


def pieces(paths):
    """The batches of all segments as the lines that bench_raw write takes, the files in turn."""
    lists = [list(batch_sizes(p)) for p in paths]
    for k in range(max(map(len, lists))):
        for i, sizes in enumerate(lists):
            if k < len(sizes):
                yield "%d %d\n" % (i, sizes[k])


def plain_write(lines):
    """MB/s; the folder goes with the figures read."""
    with tempfile.TemporaryDirectory(prefix="kdeck-bench-") as folder:
        return figures(RAW, "write", folder, stdin=lines)["mb_s"]


# ---- rates -----------------------------------------------------------------------------------

class Rates:
    def __init__(self, samples, memory, records):
        self.samples, self.memory = samples, memory
        self.records = {SMALL: records, LARGE: records // 4}
        self.pieces = {}

    def produced(self, name, size, result):
        self.samples.add("%s %d" % (name, size), result["records_s"])
        self.samples.add("%s mb %d" % (name, size), result["mb_s"])

    def first(self, size):
        """A run that does not count: what a broker writes for this load."""
        with Broker() as b:
            figures(TRAFFIC, "produce", b.address, "load", self.records[size], size, 1)
            self.pieces[size] = "".join(pieces(segments(b, "load"))).encode()

    def ours(self, size):
        n, add = self.records[size], self.samples.add
        with Broker() as b:
            self.memory.warm(self.pieces[size])
            before = cpu_seconds(b.process.pid)
            with Peak([b.process.pid]) as peak:
                self.produced("ours", size, figures(
                    TRAFFIC, "produce", b.address, "load", n, size, 1))
            add("cpu %d" % size, (cpu_seconds(b.process.pid) - before) / n * 1e6)
            add("peak %d" % size, peak.mb)
            add("plain %d" % size, plain_write(self.pieces[size]))
            self.fetch(b, size, segments(b, "load"))

    def fetch(self, b, size, paths):
        add = self.samples.add
        host, port = b.address.rsplit(":", 1)
        add("stream %d" % size, figures(RAW, "stream", *paths)["mb_s"])
        add("raw fetch %d" % size, figures(RAW, "fetch", host, port, "load", PARTITIONS)["mb_s"])
        before = cpu_seconds(b.process.pid)
        read = figures(TRAFFIC, "fetch", b.address, "load", self.records[size])
        add("fetch cpu %d" % size, (cpu_seconds(b.process.pid) - before) / read["records"] * 1e6)
        add("fetch %d" % size, read["records_s"])

    def mock(self, size):
        self.memory.warm(self.pieces[size])
        self.produced("mock", size, figures(
            TRAFFIC, "produce", "mock", "load", self.records[size], size, 1))

    def pairs(self, size, rounds):
        self.first(size)
        for i in range(rounds):
            pair = [self.ours, self.mock]
            if i % 2:
                pair.reverse()
            for one in pair:
                one(size)
        say("%s: %d pairs done" % (NAMES[size], rounds))

    def cold(self, size, rounds):
        """The files of the plain write stay until the broker is done: their pages would be warm."""
        for _ in range(rounds):
            with Broker() as b, tempfile.TemporaryDirectory(prefix="kdeck-bench-") as folder:
                self.memory.cold()
                r = figures(RAW, "write", folder, stdin=self.pieces[size])
                self.samples.add("plain cold %d" % size, r["mb_s"])
                self.produced("cold", size, figures(
                    TRAFFIC, "produce", b.address, "load", self.records[size], size, 1))
            self.memory.note_freed()
        say("%s, cold: %d rounds done" % (NAMES[size], rounds))


# ---- the rest --------------------------------------------------------------------------------

def measure_latency(samples, rounds, records=3000):
    for _ in range(rounds):
        with Broker() as b:
            for kind, address, name in (("e2e", b.address, "latency"), ("ack", b.address, "ack"),
                                        ("mock", "mock", "ack")):
                r = figures(TRAFFIC, name, address, kind, records, SMALL)
                for part in ("p50_ms", "p99_ms", "p999_ms"):
                    samples.add("%s %s" % (kind, part), r[part])
    say("latency done")


def measure_start(samples, times=7):
    for _ in range(times):
        began = time.monotonic()
        with Broker() as b:
            samples.add("ready", (time.monotonic() - began) * 1e3)
            # One request of each kind a client starts with: at rest after that is idle.
            figures(TRAFFIC, "produce", b.address, "t", 3, SMALL, "all")
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

def report_rates(t, size, least):
    name = NAMES[size]
    t.row("produce %s, records/s" % name, "ours %d" % size, "mock %d" % size, least=least)
    t.row("produce %s, MB/s" % name, "ours mb %d" % size, "mock mb %d" % size)
    t.row("  against a plain write, MB/s", "ours mb %d" % size, "plain %d" % size)
    t.row("  broker CPU, us a record", "cpu %d" % size)
    t.row("  broker peak RssAnon, MB", "peak %d" % size, most=64)
    if size == LARGE:
        t.row("  cold, records/s", "cold %d" % size)
        t.row("  cold, against a plain write, MB/s", "cold mb %d" % size, "plain cold %d" % size)
    t.row("fetch %s, MB/s" % name, "raw fetch %d" % size, "stream %d" % size, least=80)
    t.row("  by librdkafka, records/s", "fetch %d" % size)
    t.row("  broker CPU, us a record", "fetch cpu %d" % size)


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
    report_rates(t, SMALL, 95)
    report_rates(t, LARGE, 70)
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


def spreads(samples):
    yield "from the slowest to the fastest round:"
    for size in (SMALL, LARGE):
        for what, name in (("ours", "ours"), ("yardstick", "mock")):
            yield "  produce %-5s %-9s  records/s  %s" % (
                NAMES[size], what, samples.spread("%s %d" % (name, size)))
        for what, name in (("plain write", "plain"), ("fetch, ours", "raw fetch"),
                           ("stream", "stream")):
            yield "  %-5s %-17s  MB/s       %s" % (
                NAMES[size], what, samples.spread("%s %d" % (name, size)))
    yield "  1 KB  cold               MB/s       %s; plain write %s" % (
        samples.spread("cold mb %d" % LARGE), samples.spread("plain cold %d" % LARGE))


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


def main():
    args = arguments()
    # As by Ctrl-C: what was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    samples, memory = Samples(), Memory(RAW)
    rates = Rates(samples, memory, args.records)
    need = 4 * rates.records[LARGE] * (LARGE + 100)
    if shutil.disk_usage(tempfile.gettempdir()).free < need:
        sys.exit("bench: the folder for temporary files has no room for %d MB; set TMPDIR to one "
                 "that has" % (need / MB))
    began = time.monotonic()
    lines = machine.shape(machine.busy_share()) + METHOD.splitlines()
    rates.pairs(SMALL, args.rounds)
    rates.pairs(LARGE, args.rounds)
    rates.cold(LARGE, min(args.rounds, COLD_ROUNDS))
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
    day = datetime.date.today().isoformat()
    lines = ["kdeck bench, %s" % day, ""] + lines + [""] + list(report(samples).lines())
    lines += [""] + list(spreads(samples)) + list(apache.spreads(samples))
    lines += ["pairs: %d, of %s records of 100 B and of %s of 1 KB; %.0f s in all" % (
        args.rounds, "{:,}".format(args.records), "{:,}".format(args.records // 4),
        time.monotonic() - began)]
    if machine.makefile("SAN_CFLAGS"):
        lines.append("built with sanitizers: these figures are no measure of speed")
    text = "\n".join(lines) + "\n"
    print(text, end="", flush=True)
    if args.keep:
        keep(text, day)


main()
