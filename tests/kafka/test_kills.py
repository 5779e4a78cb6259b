"""kill -9 again and again under load; then Kafka's DumpLogSegments reads what is left."""
import os
import subprocess

import javatools
from javatools import dump_metadata, dump_partition

javatools.need_kafka()

from kdecktest import BUILD, Broker, run  # noqa: E402

ROUNDS = int(os.environ.get("KDECK_KILL_ROUNDS", "20"))
PARTITIONS = 3


def test_kills():
    """every acknowledged record once, in order; every file read without a complaint"""
    load = os.path.join(BUILD, "tests/integration/ackload")
    with Broker(log_segment_bytes="1048576") as b:
        writer = subprocess.Popen([load, "write", b.address, "t", str(PARTITIONS)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            for _ in range(ROUNDS):
                assert writer.stdout.readline(), "the writer ended"
                b.kill()
                b.start()
                # What was queued in the pipe is from before the kill: wait for news.
                for _ in range(3):
                    assert writer.stdout.readline(), "the writer ended"
            writer.stdin.close()
            rest = writer.stdout.read()
            assert writer.wait(timeout=120) == 0, rest[-300:]
        finally:
            if writer.poll() is None:
                writer.kill()
                writer.wait()
        acked = int(rest.split()[-1])
        done = run([load, "read", b.address, "t", str(PARTITIONS), str(acked)], timeout=120,
                   check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        b.kill()
        data = os.path.join(b.folder, "data")
        found = [dump_partition(os.path.join(data, "t-%d" % p)) for p in range(PARTITIONS)]
        assert sum(f[0] for f in found) == acked, (found, acked)
        dump_metadata(data)


javatools.kdecktest.main()
