"""DumpLogSegments reads what a full disk left: data, indexes and the metadata log."""
import os
import shutil
import tempfile

import javatools

javatools.need_kafka()

import test_full_disk as disk  # noqa: E402
from kdecktest import main  # noqa: E402
from rawclient import create  # noqa: E402


def test_dump():
    """appends and topics refused by a full disk, then a kill: Kafka's reader finds no fault"""
    disk.need_tools()
    with disk.Volume(8 * disk.MB) as v, disk.BrokerOn(v, log_segment_bytes=1048576) as b, \
            tempfile.TemporaryDirectory() as copy:
        assert create(b, b"t") == 0
        ledger = disk.Ledger(b, b"t")
        ledger.fill(sizes=(30000, 200))
        for i in range(100):
            if disk.created(b, b"more-%d" % i) == disk.STORAGE_ERROR:
                break
        b.kill()
        data = os.path.join(copy, "data")
        shutil.copytree(os.path.join(v.path, "data"), data)
        folder = os.path.join(data, "t-0")
        count, _, segments = javatools.dump_partition(folder, idempotent=False)
        assert (count, segments > 2) == (len(ledger.acked), True), (count, segments)
        assert "TOPIC_RECORD" in javatools.dump_metadata(data)


main()
