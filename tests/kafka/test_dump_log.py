"""Kafka's own DumpLogSegments reads what kdeck-broker left on the disk, before and after a kill."""
import os
import re
import time
import time

import javatools
from javatools import CODECS, CONSUMER, dump, dump_metadata, dump_partition, files, tool

javatools.need_kafka()

from kdecktest import Broker  # noqa: E402

RECORDS = 20000
SEGMENT = 1048576


def load(broker, codec, records=RECORDS):
    """Records that hardly compress, so that each codec fills segments of the same size."""
    out = tool(broker, "ProducerPerformance", "--topic", codec, "--num-records", str(records),
               "--record-size", "300", "--throughput", "-1", "--command-property",
               "compression.type=" + codec, "linger.ms=5")
    assert "%d records sent" % records in out, out


def partition(broker, topic):
    return os.path.join(broker.folder, "data", topic + "-0")


def test_all_compressions():
    """several segments in every compression, kill -9, restart: read without a complaint, in full"""
    with Broker() as b:
        for codec in CODECS:
            tool(b, "TopicCommand", "--create", "--topic", codec, "--config",
                 "segment.bytes=%d" % SEGMENT)
            load(b, codec)
        b.kill()
        b.start()
        # What comes after the restart goes on in the same segment.
        tool(b, "ConsoleProducer", "--topic", "zstd", stdin=b"after\n")
        b.kill()
        for codec in CODECS:
            count, codecs, segments = dump_partition(partition(b, codec))
            assert count == RECORDS + (codec == "zstd"), (codec, count)
            assert codec in codecs, (codec, codecs)
            assert segments > 1, (codec, segments)
            assert files(partition(b, codec), "*.snapshot"), codec


def test_metadata():
    """the metadata decoder reads every record of the cluster's log, across restarts"""
    with Broker() as b:
        tool(b, "TopicCommand", "--create", "--topic", "t", "--partitions", "2", "--config",
             "retention.ms=5000")
        tool(b, "TopicCommand", "--create", "--topic", "gone")
        tool(b, "TopicCommand", "--delete", "--topic", "gone")
        tool(b, "ConsoleProducer", "--topic", "t", stdin=b"x\n")
        b.kill()
        b.start()
        assert b.stop() == 0
        text = dump_metadata(os.path.join(b.folder, "data"))
        types = re.findall(r'"type":"(\w+)"', text)
        for wanted, n in (("TOPIC_RECORD", 2), ("PARTITION_RECORD", 3), ("CONFIG_RECORD", 1),
                          ("REMOVE_TOPIC_RECORD", 1)):
            assert types.count(wanted) == n, (wanted, types)
        assert types.count("REGISTER_BROKER_RECORD") >= 1, types
        assert "PRODUCER_IDS_RECORD" in types, types


def test_orderly_stop():
    """after SIGTERM and a deletion of records the files are whole as well"""
    with Broker() as b:
        tool(b, "TopicCommand", "--create", "--topic", "lz4", "--config",
             "segment.bytes=%d" % SEGMENT)
        load(b, "lz4")
        where = os.path.join(b.folder, "delete.json")
        with open(where, "w") as f:
            f.write('{"partitions":[{"topic":"lz4","partition":0,"offset":15000}],"version":1}')
        tool(b, "DeleteRecordsCommand", "--offset-json-file", where)
        assert b.stop() == 0, b.tail()
        dump_partition(partition(b, "lz4"))
        assert files(partition(b, "lz4"), "*.snapshot")
        b.start()
        assert tool(b, "GetOffsetShell", "--topic", "lz4", "--time", "earliest") == "lz4:0:15000\n"
        got = tool(b, CONSUMER, "--topic", "lz4", "--partition", "0", "--offset", "earliest",
                   "--max-messages", "5000", "--timeout-ms", "20000")
        assert len(got.splitlines()) == 5000


def test_time_index():
    """the time index points at what Kafka finds by reading; so does a lookup by time"""
    with Broker() as b:
        tool(b, "ConsoleProducer", "--topic", "t", stdin=b"1\n2\n")
        between = int(time.time() * 1000) + 1
        tool(b, "ConsoleProducer", "--topic", "t", stdin=b"3\n")
        out = tool(b, "GetOffsetShell", "--topic", "t", "--time", str(between))
        assert out == "t:0:2\n", out
        assert b.stop() == 0
        dump(files(partition(b, "t"), "*.timeindex"))


javatools.kdecktest.main()
