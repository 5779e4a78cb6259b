"""Lag on the screen through the life of a slow consumer, beside what Java's ConsumerGroupCommand
says: equal while things stand still, between two of its answers while they move, and in time right
within a second. On kdeck-broker, and the same on Apache Kafka."""
import re
import threading
import time

import javatools
from javatools import Kafka, tool

javatools.need_kafka()
try:
    import kafka
except ImportError:
    javatools.skip_all("kafka-python is not installed")

from consolescreen import Console  # noqa: E402
from kdecktest import Broker, until  # noqa: E402

GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
TOPIC, GROUP = "parcels", "couriers"
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Paced(threading.Thread):
    """Calls step() `rate` times a second until it is ended."""

    def __init__(self, rate):
        super().__init__(daemon=True)
        self.rate, self.going, self.failed = rate, True, None

    def run(self):
        due = time.monotonic()
        try:
            while self.going:
                rate = self.rate
                if rate <= 0:
                    self.rest()
                    due = time.monotonic()
                    continue
                self.step()
                due = max(due + 1 / rate, time.monotonic() - 0.5)
                time.sleep(max(0, due - time.monotonic()))
        except Exception as e:
            self.failed = e
            print("# %s: %r" % (type(self).__name__, e), flush=True)

    def rest(self):
        time.sleep(0.02)

    def end(self):
        self.going = False
        self.join()
        if self.failed:
            raise self.failed


class Writer(Paced):
    """Writes records one after the other; remembers the time of each."""

    def __init__(self, address, rate):
        super().__init__(rate)
        self.producer = kafka.KafkaProducer(bootstrap_servers=address)
        self.times = []

    def step(self):
        at = self.producer.send(TOPIC, b"parcel").get(timeout=30)
        assert at.offset == len(self.times), (at.offset, len(self.times))
        self.times.append(at.timestamp / 1000)

    def write(self, n):
        for _ in range(n):
            self.step()


class Reader(Paced):
    """A member of the group: reads one record, commits it."""

    def __init__(self, address, rate):
        super().__init__(rate)
        self.consumer = kafka.KafkaConsumer(
            TOPIC, bootstrap_servers=address, group_id=GROUP, client_id="courier",
            enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=1)
        self.committed = 0

    def step(self):
        self.consumer.resume(*self.consumer.paused())
        for batch in self.consumer.poll(timeout_ms=200).values():
            self.consumer.commit()
            self.committed = batch[-1].offset + 1

    def rest(self):
        # A member that rests polls on, so that the group keeps it.
        self.consumer.pause(*self.consumer.assignment())
        self.consumer.poll(timeout_ms=20)

    def end(self):
        super().end()
        self.consumer.close(autocommit=False)


def seconds(text):
    """"1 m 39 s" or "< 1 s" as seconds, None for "-" and "never"."""
    parts = re.findall(r"(\d+) (ms|s|m|h|d)\b", text)
    if not parts:
        return None
    return 0.0 if "<" in text else sum(int(n) * UNITS[u] for n, u in parts)


def figures(lines):
    """The line of figures on screen 8: lag in records, age and catch-up as text."""
    for line in lines:
        m = re.search(r"lag (≈ )?([\d,]+) records? +age (.*?)  .*catch-up (.*?)(  |$)", line)
        if m:
            return int(m.group(2).replace(",", "")), m.group(3), m.group(4).strip()
    return None


def row(lines):
    """Partition 0 on screen 8: committed, end, lag."""
    for line in lines:
        m = re.search(r"^[ >] +0 .*? ([\d,]+) +([\d,]+) +([\d,]+) ", line)
        if m:
            return tuple(int(g.replace(",", "")) for g in m.groups())
    return None


def shows(reader, accept):
    """For Console.until: what reader finds on the screen, once it is there and accepted."""
    def condition(lines):
        found = reader(lines)
        return found is not None and accept(found)
    return condition


def described(broker):
    """The same three figures from Java."""
    out = tool(broker, GROUPS, "--describe", "--group", GROUP)
    m = re.search(r"^%s +%s +0 +(\d+) +(\d+) +(\d+) " % (GROUP, TOPIC), out, re.M)
    assert m, out
    return tuple(map(int, m.groups()))


def next_looks(console):
    """Waits until the screen shows what was asked for after this moment: two changes of it."""
    for _ in range(2):
        before = console.until("a row", row)
        console.until("the screen moves", shows(row, lambda now: now != before))


def stands(console, broker):
    """Nothing moves: the screen and Java agree."""
    theirs = described(broker)
    console.until("as Java: %s" % (theirs,), lambda lines: row(lines) == theirs)


def between(console, broker):
    """All three figures rise or fall steadily: the screen's lie between two answers of Java."""
    first = described(broker)
    next_looks(console)
    ours = console.until("a row", row)
    last = described(broker)
    for a, x, b in zip(first, ours, last):
        assert min(a, b) <= x <= max(a, b), (first, ours, last)


def age_is_right(console, writer, reader):
    """Of the next unread record, while the reader rests. Whole seconds are shown: 7 s stands for 7
    to 8."""
    shown = seconds(console.until("figures", figures)[1])
    true = time.time() - writer.times[reader.committed]
    assert shown is not None and -1 <= true - shown <= 2, (shown, true)
    print("# age %d s, was %.1f s" % (shown, true))


def life(broker):
    writer, reader = Writer(broker.address, 0), Reader(broker.address, 0)
    tool(broker, "TopicCommand", "--create", "--topic", TOPIC)
    writer.write(300)
    reader.start()
    writer.start()
    reader.rate = 200
    until("a hundred are read", lambda: reader.committed >= 100)
    reader.rate = 0
    with Console(broker.address) as console:
        console.press("7")
        console.wait(GROUP)
        console.press("Enter")
        console.until("figures", figures)
        stands(console, broker)
        age_is_right(console, writer, reader)
        # It grows, and is called so with its reason.
        writer.rate, reader.rate = 60, 12
        console.until("behind", lambda lines: any("FALLING BEHIND" in x for x in lines))
        console.until("never", shows(figures, lambda f: f[2] == "never"))
        between(console, broker)
        writer.rate = reader.rate = 0
        stands(console, broker)
        age_is_right(console, writer, reader)
        # It catches up, and the estimate holds.
        writer.write(1000)
        writer.rate, reader.rate = 5, 60
        between(console, broker)
        left = console.until("an estimate", shows(figures, lambda f: seconds(f[2])))
        began = time.monotonic()
        console.until("nothing to read", shows(figures, lambda f: f[0] <= 2))
        took = time.monotonic() - began
        print("# %s: estimated %.0f s, took %.1f s" % (broker.address, left, took))
        assert left / 2 <= took <= left * 2 + 2, (left, took)
        writer.rate = 0
        until("all is read", lambda: reader.committed == len(writer.times))
        stands(console, broker)
        console.until("zero", shows(figures, lambda f: f[0] == 0))
        console.until("ok", lambda lines: any(x.strip() == "OK" for x in lines))
        # It goes, and what comes then waits.
        reader.end()
        writer.rate = 50
        console.until("stopped", lambda lines: any("STOPPED" in x for x in lines))
        writer.end()
        stands(console, broker)
        age_is_right(console, writer, reader)


def test_bundled():
    """kdeck-broker: growing, catching up, zero, stopped"""
    with Broker() as broker:
        life(broker)


def test_kafka():
    """Apache Kafka: the same"""
    with Kafka() as broker:
        life(broker)


javatools.kdecktest.main()
