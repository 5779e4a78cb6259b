"""kill -9 again and again under load; then Kafka's DumpLogSegments reads what is left."""
import os

import javatools
from javatools import dump_metadata, dump_partition

javatools.need_kafka()

import kdecktest  # noqa: E402
from kdecktest import Broker  # noqa: E402

ROUNDS = int(os.environ.get("KDECK_KILL_ROUNDS", "20"))
PARTITIONS = 3


def test_kills():
    """every acknowledged record once, in order; every file read without a complaint"""
    with Broker(log_segment_bytes="1048576") as b:
        acked = kdecktest.kill_under_load(b, PARTITIONS, ROUNDS)
        b.kill()
        data = os.path.join(b.folder, "data")
        found = [dump_partition(os.path.join(data, "t-%d" % p)) for p in range(PARTITIONS)]
        assert sum(f[0] for f in found) == acked, (found, acked)
        dump_metadata(data)


kdecktest.main()
