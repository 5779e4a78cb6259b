#!/usr/bin/env python3
"""Two builds of kdeck-broker, one load, in turn: what a change is worth.

  pair.py OLD NEW LOAD [--rounds N] [--records N]

OLD and NEW are kdeck-broker programs. Both run all the time and are loaded in turn, the new one
first in every second pair; the first pair does not count. A ratio is the median of the pairs'
ratios, new to old: rates above 100 % and times below it are better. The load is made by this
build's tools (top_builddir; build/ unless set). For docs/bench/log.md.
"""
import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
from kdeckcluster import Cluster  # noqa: E402
from loads import Loads  # noqa: E402
from memory import Memory  # noqa: E402
from table import Samples, number  # noqa: E402
from tools import RAW, TRAFFIC  # noqa: E402

# brokers, what, bytes, acks, records
LOADS = {
    "produce-100": (1, "produce", 100, "1", 2000000),
    "produce-1k": (1, "produce", 1024, "1", 500000),
    "fetch-100": (1, "fetch", 100, "1", 2000000),
    "fetch-1k": (1, "fetch", 1024, "1", 500000),
    "one-at-a-time": (1, "ack", 100, "all", 5000),
    "rf3-100-acks-1": (3, "produce", 100, "1", 1000000),
    "rf3-1k-acks-1": (3, "produce", 1024, "1", 125000),
    "rf3-100-acks-all": (3, "produce", 100, "all", 1000000),
    "rf3-1k-acks-all": (3, "produce", 1024, "all", 125000),
    "rf3-one-at-a-time": (3, "ack", 100, "all", 5000),
}
UNITS = (("records_s", "records/s"), ("mb_s", "MB/s"), ("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"),
         ("cpu_us", "CPU us a record"), ("user_us", "  user"), ("system_us", "  system"),
         ("peak_mb", "peak RssAnon MB"))


def arguments():
    parser = argparse.ArgumentParser(description="two builds of kdeck-broker in turn")
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("load", choices=sorted(LOADS))
    parser.add_argument("--rounds", type=int, default=9, help="pairs that count (9)")
    parser.add_argument("--records", type=int, help="a load (the bench's number)")
    args = parser.parse_args()
    for program in (args.old, args.new, TRAFFIC):
        if not os.access(program, os.X_OK):
            parser.error("%s is no program" % program)
    return args


def measure(args, samples):
    n, what, size, acks, records = LOADS[args.load]
    records = args.records or records
    run = getattr(Loads(Memory(RAW)), what)
    with Cluster(n, program=args.old) as old, Cluster(n, program=args.new) as new:
        for i in range(-1, args.rounds):
            pair = [("old", old), ("new", new)]
            for side, cluster in pair[::-1] if i % 2 else pair:
                for name, value in run(cluster, size, acks, records).items():
                    if i >= 0:
                        samples.add("%s %s" % (side, name), value)


def lines(load, samples):
    yield "%s, %d pairs" % (load, samples.count("new cpu_us"))
    yield "%-18s %12s %12s %7s  %s" % ("median", "old", "new", "ratio", "of the pairs")
    for name, unit in UNITS:
        old, new = "old " + name, "new " + name
        if not samples.median(old):
            continue
        ratios = samples.ratios(new, old)
        yield "%-18s %12s %12s %5.0f %%  %.0f to %.0f %%" % (
            unit, number(samples.median(old)), number(samples.median(new)),
            samples.ratio(new, old), min(ratios), max(ratios))


def main():
    args, samples = arguments(), Samples()
    # As by Ctrl-C: the brokers end too, and what is measured by then is printed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        measure(args, samples)
    finally:
        print("\n".join(lines(args.load, samples)))


main()
