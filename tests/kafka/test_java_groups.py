"""Java's consumers in groups on kdeck-broker: VerifiableConsumer with each assignor of the classic
protocol, and what ConsumerGroupCommand and DumpLogSegments say."""
import os
import re

import javatools
from javatools import GROUPS, Consumer, dump, files, tool

javatools.need_kafka()

from kdecktest import Broker, until  # noqa: E402

PARTITIONS = 4


def member(broker, group, strategy, *args):
    return Consumer(broker, group, "--session-timeout", "6000", "--assignment-strategy",
                    "org.apache.kafka.clients.consumer." + strategy, *args)


def fill(broker, n):
    lines = "".join("record %d\n" % i for i in range(n))
    tool(broker, "ConsoleProducer", "--topic", "t", stdin=lines.encode())


def describe(broker, group):
    """{partition: (committed, end, lag)} as ConsumerGroupCommand prints it."""
    out = tool(broker, GROUPS, "--describe", "--group", group)
    rows = re.findall(r"^%s +t +(\d+) +(\d+) +(\d+) +(\d+) " % re.escape(group), out, re.M)
    return {int(r[0]): tuple(map(int, r[1:])) for r in rows}


def share(strategy):
    with Broker() as b:
        tool(b, "TopicCommand", "--create", "--topic", "t", "--partitions", str(PARTITIONS))
        fill(b, 100)
        one, two = member(b, "g", strategy), member(b, "g", strategy)
        until("two share", lambda: len(one.held) == len(two.held) == PARTITIONS / 2 and
              not one.held & two.held)
        until("everything is read", lambda: one.read + two.read == 100)
        two.end(kill=True)
        until("the other has all", lambda: len(one.held) == PARTITIONS)
        fill(b, 20)
        until("what is new is read", lambda: one.read + two.read >= 120)
        one.end()
        rows = describe(b, "g")
        assert sum(r[0] for r in rows.values()) == 120, rows
        assert {r[2] for r in rows.values()} == {0}, rows


def test_range():
    """range: two share; one is killed, and the other has all"""
    share("RangeAssignor")


def test_round_robin():
    """round robin: the same"""
    share("RoundRobinAssignor")


def test_sticky():
    """sticky: the same"""
    share("StickyAssignor")


def test_cooperative_sticky():
    """cooperative sticky: the same"""
    share("CooperativeStickyAssignor")


def test_restart_and_files():
    """after kill -9 of the broker the same members go on; Kafka reads __consumer_offsets"""
    with Broker() as b:
        tool(b, "TopicCommand", "--create", "--topic", "t", "--partitions", str(PARTITIONS))
        fill(b, 50)
        one = member(b, "g", "RangeAssignor", "--group-instance-id", "first")
        until("everything is read", lambda: one.read == 50)
        b.kill()
        b.start()
        fill(b, 10)
        until("what is new is read", lambda: one.read == 60)
        one.end()
        rows = describe(b, "g")
        assert sum(r[0] for r in rows.values()) == 60, rows
        out = tool(b, GROUPS, "--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest",
                   "--execute") if describe(b, "g") else ""
        assert "g" in out
        b.stop()
        # "g" is 103, of 50 partitions the third.
        logs = files(os.path.join(b.folder, "data", "__consumer_offsets-3"), "*.log")
        text = dump(logs, "--offsets-decoder")
        assert '"group":"g"' in text.replace(" ", ""), text
        assert '"protocolType":"consumer"' in text.replace(" ", ""), text
        b.start()


javatools.kdecktest.main()
