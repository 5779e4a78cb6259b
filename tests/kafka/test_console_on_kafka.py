"""kdeck's commands on Apache Kafka, beside what Kafka's own scripts print there."""
import json
import os
import re
import subprocess

import javatools
from javatools import CONFIGS, CONSUMER, Kafka, tool

javatools.need_kafka()

from kdecktest import BUILD, run  # noqa: E402

KDECK = os.path.join(BUILD, "kdeck")
if not os.path.exists(KDECK):
    javatools.skip_all("kdeck is not built")


def kdeck(kafka, name, *args, stdin=None):
    return run([KDECK, name, "-b", kafka.address, *args], stdin=stdin).stdout.decode()


def test_topics():
    """topics are made, described as the script does, listed, grown and deleted"""
    out = kdeck(server, "topics", "--create", "--topic", "a", "--partitions", "2", "--config",
                "retention.ms=5000")
    assert out == "Created topic a.\n", out
    ours = kdeck(server, "topics", "--describe", "--topic", "a")
    theirs = tool(server, "TopicCommand", "--describe", "--topic", "a")
    assert ours == theirs, (ours, theirs)
    assert kdeck(server, "topics", "--list") == tool(server, "TopicCommand", "--list")
    done = subprocess.run([KDECK, "topics", "-b", server.address, "--create", "--topic", "a"],
                          capture_output=True)
    assert done.returncode == 1 and b"TOPIC_ALREADY_EXISTS" in done.stderr, done
    kdeck(server, "topics", "--alter", "--topic", "a", "--partitions", "4")
    assert "PartitionCount: 4" in tool(server, "TopicCommand", "--describe", "--topic", "a")
    kdeck(server, "topics", "--delete", "--topic", "a")
    assert "a" not in tool(server, "TopicCommand", "--list").split()


def test_configs():
    """settings are altered and described as the script does"""
    tool(server, "TopicCommand", "--create", "--topic", "c")
    of_topic = ["--entity-type", "topics", "--entity-name", "c"]
    kdeck(server, "configs", "--alter", *of_topic, "--add-config", "retention.ms=7000")
    ours = kdeck(server, "configs", "--describe", *of_topic)
    assert "retention.ms=7000" in ours, ours
    assert ours == tool(server, CONFIGS, "--describe", *of_topic), ours


def test_records():
    """what kdeck writes Kafka's consumer reads and the other way round; offsets; deletion"""
    text = "".join("%d\n" % i for i in range(100))
    tool(server, "TopicCommand", "--create", "--topic", "r")
    read = ["--topic", "r", "--partition", "0", "--offset", "earliest"]
    kdeck(server, "produce", "--topic", "r", stdin=text.encode())
    assert tool(server, CONSUMER, *read, "--max-messages", "100") == text
    tool(server, "ConsoleProducer", "--topic", "r", "--compression-codec", "zstd",
         stdin=text.encode())
    assert kdeck(server, "consume", *read, "--max-messages", "200") == text + text
    ours = kdeck(server, "get-offsets", "--topic", "r")
    assert ours == "r:0:200\n" == tool(server, "GetOffsetShell", "--topic", "r"), ours
    where = os.path.join(server.folder, "delete.json")
    with open(where, "w") as f:
        f.write('{"partitions":[{"topic":"r","partition":0,"offset":50}],"version":1}')
    out = kdeck(server, "delete-records", "--offset-json-file", where)
    assert re.search(r"r-0\s+low_watermark: 50", out), out
    assert tool(server, "GetOffsetShell", "--topic", "r", "--time", "earliest") == "r:0:50\n"


def test_snapshot():
    """the snapshot names the broker and its topics"""
    tool(server, "TopicCommand", "--create", "--topic", "s", "--partitions", "3")
    page = json.loads(kdeck(server, "snapshot", "--json"))
    assert [b["nodeId"] for b in page["brokers"]] == [1], page
    assert {t["topic"]: t["partitionCount"] for t in page["topics"]}["s"] == 3, page
    assert kdeck(server, "snapshot").strip(), "an empty page"


with Kafka() as server:
    javatools.kdecktest.main()
