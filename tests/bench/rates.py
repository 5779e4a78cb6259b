"""How fast one broker takes and gives records, beside the memory-only mock broker and what the
machine does without any.
"""
import glob
import os
import struct
import tempfile

from kdecktest import Broker
from tools import RAW, TRAFFIC, Peak, cpu_seconds, figures, say

SMALL, LARGE = 100, 1024
NAMES = {SMALL: "100 B", LARGE: "1 KB"}
PARTITIONS = 3
COLD_ROUNDS = 2


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


# ---- rounds ----------------------------------------------------------------------------------

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


def measure(samples, memory, records, rounds):
    rates = Rates(samples, memory, records)
    rates.pairs(SMALL, rounds)
    rates.pairs(LARGE, rounds)
    rates.cold(LARGE, min(rounds, COLD_ROUNDS))


def room(records):
    """Bytes on disk that it needs."""
    return records * (LARGE + 100)


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


def report(t):
    report_rates(t, SMALL, 95)
    report_rates(t, LARGE, 70)


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
