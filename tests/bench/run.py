"""The benchmark: kdeck-broker against librdkafka's in-process mock broker, in turn, in one run.

  run.py [--rounds N] [--records N] [--keep]

What is compared is a ratio of one run on one machine: the mock keeps records in memory only and has
no process of its own, so it shows what the client can reach at most. --keep writes the table to
docs/bench/YYYY-MM-DD.txt of the source tree too.
"""
import argparse
import datetime
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
from kdecktest import BUILD, Broker  # noqa: E402

TRAFFIC = os.path.join(BUILD, "tests/bench/bench_traffic")
KDECK = os.path.join(BUILD, "kdeck")
TICK = os.sysconf("SC_CLK_TCK")
SMALL, LARGE = 100, 1024
MANY_TOPICS = 1000
MB = 1e6


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def traffic(*args):
    """One run of the load; its line of names and numbers as a dict."""
    done = subprocess.run([TRAFFIC] + [str(a) for a in args], capture_output=True, timeout=120)
    if done.returncode != 0:
        sys.exit("bench: bench_traffic %s: exit %d: %s" % (
            args[0], done.returncode, done.stderr.decode(errors="replace").strip()))
    words = done.stdout.split()
    return {k.decode(): float(v) for k, v in zip(words[::2], words[1::2])}


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Peak:
    """The largest RssAnon of a broker while a load runs, looked at every 5 ms."""

    def __init__(self, broker):
        self.broker, self.kb, self.over = broker, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.005):
            self.kb = max(self.kb, self.broker.rss_anon_kb())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *what):
        self.over.set()
        self.thread.join()


class Samples:
    """Values by name, and the median of each."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        self.values.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.values[name]) if name in self.values else None

    def spread(self, name):
        v = self.values[name]
        return "%d to %d" % (min(v), max(v))


def warm_page_cache(size):
    """Memory that the system never used before costs a fault a page: that is paid here, once."""
    block = b"\0" * (1 << 20)
    with tempfile.TemporaryFile(prefix="kdeck-bench-") as f:
        for _ in range(size // len(block) + 1):
            f.write(block)


def ours_produce(samples, size, records, counted, acks="1"):
    with Broker() as b:
        before = cpu_seconds(b.process.pid)
        with Peak(b) as peak:
            r = traffic("produce", b.address, "load", records, size, acks)
        cpu = cpu_seconds(b.process.pid) - before
        read = traffic("fetch", b.address, "load", records)
    if not counted:
        return
    samples.add("ours %d" % size, r["records_s"])
    samples.add("ours mb %d" % size, r["mb_s"])
    samples.add("cpu %d" % size, cpu / records * 1e6)
    samples.add("peak %d" % size, peak.kb * 1024 / MB)
    samples.add("fetch %d" % size, read["mb_s"])
    samples.add("fetch records %d" % size, read["records_s"])


def mock_produce(samples, size, records, counted, acks="1"):
    r = traffic("produce", "mock", "load", records, size, acks)
    if counted:
        samples.add("mock %d" % size, r["records_s"])
        samples.add("mock mb %d" % size, r["mb_s"])


def measure_rates(samples, rounds, records):
    """A round that does not count, then pairs; who begins changes from round to round."""
    for size, n in ((SMALL, records), (LARGE, records // 4)):
        for i in range(rounds + 1):
            pair = [ours_produce, mock_produce]
            if i % 2:
                pair.reverse()
            for one in pair:
                one(samples, size, n if i else n // 4, i > 0)
        say("%d B: %d rounds done" % (size, rounds))


def measure_latency(samples, rounds, records=3000):
    for _ in range(rounds):
        with Broker() as b:
            for kind, address, name in (("e2e", b.address, "latency"), ("ack", b.address, "ack"),
                                        ("mock", "mock", "ack")):
                r = traffic(name, address, kind, records, SMALL)
                for part in ("p50_ms", "p99_ms", "p999_ms"):
                    samples.add("%s %s" % (kind, part), r[part])
    say("latency done")


def measure_start(samples, times=7):
    for _ in range(times):
        began = time.monotonic()
        with Broker() as b:
            samples.add("ready", (time.monotonic() - began) * 1e3)
            # One request of each kind a client starts with: at rest after that is idle.
            traffic("produce", b.address, "t", 3, SMALL, "all")
            samples.add("idle", b.rss_anon_kb() * 1024 / MB)
    say("start done")


def list_topics(samples, name, address, times=7):
    if not os.path.exists(KDECK):
        return
    for _ in range(times):
        began = time.monotonic()
        done = subprocess.run([KDECK, "topics", "--bootstrap-server", address, "--list"],
                              capture_output=True, timeout=60)
        if done.returncode != 0:
            say("kdeck topics --list: exit %d" % done.returncode)
            return
        samples.add(name, (time.monotonic() - began) * 1e3)


def measure_many_topics(samples, rounds):
    with Broker() as b:
        made = traffic("topics", b.address, MANY_TOPICS)
        samples.add("make topics", made["seconds"] * 1e3)
        samples.add("many memory", b.rss_anon_kb() * 1024 / MB)
        for _ in range(rounds):
            b.kill()
            began = time.monotonic()
            b.start()
            samples.add("restart", (time.monotonic() - began) * 1e3)
        list_topics(samples, "list many", b.address)
    with Broker() as b:
        traffic("topics", b.address, 10)
        list_topics(samples, "list", b.address)
    say("%d topics done" % MANY_TOPICS)


def makefile(name):
    try:
        with open(os.path.join(BUILD, "Makefile")) as f:
            for line in f:
                if line.startswith(name + " ="):
                    return line.split("=", 1)[1].strip()
    except OSError:
        pass
    return ""


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True).stdout.decode().splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def proc_value(path, key):
    with open(path) as f:
        for line in f:
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return "unknown"


def busy_share(seconds=1.0):
    """What others use of the processors: figures of a busy machine say less."""
    def read():
        with open("/proc/stat") as f:
            v = [int(x) for x in f.readline().split()[1:9]]
        return sum(v), v[3] + v[4]
    all0, idle0 = read()
    time.sleep(seconds)
    all1, idle1 = read()
    return 100 * (1 - (idle1 - idle0) / max(1, all1 - all0))


def file_system(folder):
    return first_line(["stat", "-f", "-c", "%T", folder])


def shape(busy, load_bytes):
    """The machine's shape as lines: nothing that names a machine or a folder."""
    memory = int(proc_value("/proc/meminfo", "MemTotal").split()[0]) / 1e6
    flags = [f for f in shlex.split(makefile("CFLAGS") + " " + makefile("SAN_CFLAGS"))
             if "/" not in f]
    cc = shlex.split(makefile("CC")) or ["cc"]
    return [
        "machine    %d cores (%s), %.0f GB, Linux %s, files on %s" % (
            os.cpu_count(), proc_value("/proc/cpuinfo", "model name"), memory,
            platform.release(), file_system(tempfile.gettempdir())),
        "compiler   %s, %s" % (first_line(cc + ["--version"]), " ".join(flags)),
        "load       others used %.0f %% of the processors before the first round" % busy,
        "warm-up    a file of %.0f MB written and deleted once, so that the pages of the page" % (
            load_bytes / MB),
        "           cache exist; one round of each pair that does not count",
        "client     librdkafka, 1 producer, 3 partitions, acks 1, linger 5 ms, 10,000 records or",
        "           1 MB a batch, no compression, its own partitioner, a poll after each record",
        "           (as rdkafka_performance does); yardstick: librdkafka's in-process mock broker,",
        "           which keeps the last 5 MB of a partition in memory and writes nothing",
    ]


def number(value):
    if value is None:
        return "-"
    if value >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if value < 100 else "%.0f" % value


class Table:
    def __init__(self, samples):
        self.samples, self.rows = samples, []

    def row(self, what, ours, yardstick=None, goal=None, least=None, most=None):
        """least: of the ratio, in percent; most: of our value."""
        mine, other = self.samples.median(ours), None
        if mine is None:
            self.rows.append((what, "-", "-", "-", goal or "", "not measured"))
            return
        if yardstick:
            other = self.samples.median(yardstick)
        ratio = 100 * mine / other if other else None
        verdict = ""
        if least is not None:
            verdict = "reached" if ratio >= least else "missed"
        elif most is not None:
            verdict = "reached" if mine <= most else "missed"
        self.rows.append((what, number(mine), number(other),
                          "%.0f %%" % ratio if ratio else "-", goal or "", verdict))

    def lines(self):
        head = ("median of the rounds", "ours", "yardstick", "ratio", "goal", "")
        rows = [head] + self.rows
        width = [max(len(r[i]) for r in rows) for i in range(len(head))]
        for r in rows:
            cells = [r[0].ljust(width[0])]
            cells += [r[i].rjust(width[i]) for i in (1, 2, 3)]
            cells += [r[4].ljust(width[4]), r[5]]
            yield "  ".join(cells).rstrip()


def report(samples):
    t = Table(samples)
    for size, name, least in ((SMALL, "100 B", 75), (LARGE, "1 KB", 45)):
        t.row("produce %s, records/s" % name, "ours %d" % size, "mock %d" % size,
              ">= %d %%" % least, least=least)
        t.row("produce %s, MB/s" % name, "ours mb %d" % size, "mock mb %d" % size)
        t.row("  broker CPU, us a record", "cpu %d" % size)
        t.row("  broker peak RssAnon, MB", "peak %d" % size, None, "<= 64", most=64)
        t.row("fetch %s, records/s" % name, "fetch records %d" % size)
        t.row("fetch %s, MB/s" % name, "fetch %d" % size)
    for part, name in (("p50_ms", "p50"), ("p99_ms", "p99"), ("p999_ms", "p99.9")):
        t.row("one record, acks all, to its ack, %s ms" % name, "ack " + part, "mock " + part)
    for part, name in (("p50_ms", "p50"), ("p99_ms", "p99"), ("p999_ms", "p99.9")):
        t.row("one record, acks all, end to end, %s ms" % name, "e2e " + part)
    t.row("start to ready, new folder, ms", "ready", None, "<= 50", most=50)
    t.row("RssAnon idle, MB", "idle", None, "<= 6", most=6)
    t.row("1,000 topics x 3 partitions made, ms", "make topics")
    t.row("  ready again after kill -9, ms", "restart", None, "<= 2,000", most=2000)
    t.row("  RssAnon, MB", "many memory")
    t.row("topics --list, 10 topics, ms", "list", None, "<= 30", most=30)
    t.row("topics --list, 1,000 topics, ms", "list many")
    return t


def keep(text, day):
    folder = os.path.join(HERE, "..", "..", "docs", "bench")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, day + ".txt"), "w") as f:
        f.write(text)
    say("kept as docs/bench/%s.txt" % day)


def main():
    parser = argparse.ArgumentParser(description="kdeck-broker against a memory-only yardstick")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count (3)")
    parser.add_argument("--records", type=int, default=2000000,
                        help="records of 100 B a round (2000000); of 1 KB a quarter of that")
    parser.add_argument("--keep", action="store_true", help="write docs/bench/YYYY-MM-DD.txt too")
    args = parser.parse_args()
    if args.rounds < 1 or args.records < 1000:
        parser.error("--rounds is 1 or more, --records 1000 or more")
    load = args.records // 4 * (LARGE + 80)
    if shutil.disk_usage(tempfile.gettempdir()).free < 3 * load:
        sys.exit("bench: the folder for temporary files has no room for %d MB; set TMPDIR to one "
                 "that has" % (3 * load / MB))
    samples = Samples()
    began = time.monotonic()
    busy = busy_share()
    warm_page_cache(load)
    measure_rates(samples, args.rounds, args.records)
    measure_latency(samples, args.rounds)
    measure_start(samples)
    measure_many_topics(samples, args.rounds)
    day = datetime.date.today().isoformat()
    lines = ["kdeck bench, %s" % day, ""] + shape(busy, load) + [""]
    lines += list(report(samples).lines())
    lines += ["", "records/s from round to round: " + "; ".join(
        "%d B ours %s, yardstick %s" % (
            s, samples.spread("ours %d" % s), samples.spread("mock %d" % s))
        for s in (SMALL, LARGE))]
    lines += ["%d rounds, %.0f s" % (args.rounds, time.monotonic() - began)]
    if makefile("SAN_CFLAGS"):
        lines.append("built with sanitizers: these figures are no measure of speed")
    text = "\n".join(lines) + "\n"
    print(text, end="", flush=True)
    if args.keep:
        keep(text, day)


main()
