"""kdeck's commands on Apache Kafka, beside what Kafka's own scripts print there, and its screens."""
import json
import os
import re
import subprocess

import javatools
from javatools import CONFIGS, CONSUMER, Kafka, tool

javatools.need_kafka()

from consolescreen import Console  # noqa: E402
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


def add_consumer(console, topic, group, name):
    console.press("a")
    console.wait("add a consumer")
    console.wait(name)
    for field in topic, group:
        console.press("Down" if field is group else "Down Down")
        console.press("Ctrl-U")
        console.command("type " + field)
    console.press("Enter")
    console.wait(name + " started")


def test_groups():
    """the lab's members share, wait and are killed; offsets are reset from the screen"""
    tool(server, "TopicCommand", "--create", "--topic", "w", "--partitions", "3")
    kdeck(server, "produce", "--topic", "w", "--count", "300", "--partitioner", "round-robin")
    with Console(server.address) as console:
        console.wait("1 of 1 up")
        console.press("9")
        for i in range(4):
            add_consumer(console, "w", "workers", "lab-%d" % (i + 1))
        waits = console.until("one waits", lambda lines: [
            x for x in lines if re.search(r"lab-\d .* idle", x)])
        assert len(waits) == 1, waits
        console.press("7")
        console.until("all is read", lambda lines: any(
            re.search(r"workers +Stable +4 +1 +0 ", x) for x in lines))
        console.press("Enter")
        console.wait("a partition has one reader, so")
        console.press("9")
        # One that reads is killed: the one that waited takes over after its session.
        victim = "lab-1" if "lab-1" not in waits[0] else "lab-2"
        waits = re.search(r"lab-\d", waits[0]).group()
        console.press("g" if victim == "lab-1" else "g j")
        console.wait(">" + victim)
        console.press("m k")
        console.until("it is killed", lambda lines: any(
            re.search(victim + " .* killed", x) for x in lines))
        console.until("it takes over", lambda lines: any(
            re.search(waits + r" .* [0-2] .* running", x) for x in lines))
        console.press("7")
        console.wait(">workers")
        console.press("o")
        console.wait("stop them first")
        # Those that live are stopped, each leaves at once, and then the offsets go back.
        console.press("9")
        console.press("g")
        for i in range(1, 5):
            console.wait(">lab-%d" % i)
            if "lab-%d" % i != victim:
                console.press("Ctrl-D")
            console.press("j")
        console.press("7")
        console.until("nobody is left", lambda lines: any(
            re.search(r"workers +Empty +0 ", x) for x in lines))
        console.press("o")
        console.wait("reset offsets of group workers")
        console.press("Enter")
        console.wait("reset offsets of group workers?")
        console.wait("300 records to be read again")
        console.press("Right Enter")
        console.until("everything waits again", lambda lines: any(
            re.search(r"workers +Empty +0 +1 +300 ", x) for x in lines))
    page = json.loads(kdeck(server, "snapshot", "--json"))
    group = [g for g in page["groups"] if g["groupId"] == "workers"][0]
    assert group["lag"] == 300 and len(group["partitions"]) == 3, group


with Kafka() as server:
    javatools.kdecktest.main()
