"""Consumer groups with kafka-python and kcat: they join, share, come and go, and resume."""
import os
import sys

import kdecktest
from kdecktest import Broker, Skip, Speaker, have, run, until

try:
    from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
    from kafka.admin import NewTopic
    from kafka.errors import GroupCoordinatorNotAvailableError
except ImportError:
    print("1..0 # SKIP python3-kafka is not installed")
    raise SystemExit(0)

MEMBER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "groupmember.py")


class Member(Speaker):
    """A process of groupmember.py; what it said last."""

    def __init__(self, broker, group, topic="t", assignor="range"):
        self.assigned, self.read = None, 0
        super().__init__([sys.executable, MEMBER, broker.address, group, topic, assignor])

    def hear(self, said):
        self.assigned = said.get("assigned", self.assigned)
        self.read = said.get("read", self.read)

    def has(self, n):
        return len(self.assigned or []) == n


def broker():
    """With shorter sessions than by default: the dead are waited for."""
    return Broker(group_min_session_timeout_ms="1000")


def fill(broker, partitions, records, topic="t"):
    if topic not in admin(broker, lambda a: a.list_topics()):
        admin(broker, lambda a: a.create_topics([NewTopic(topic, partitions, 1)]))
    producer = KafkaProducer(bootstrap_servers=broker.address)
    for i in range(records):
        producer.send(topic, value=b"%d" % i, partition=i % partitions)
    producer.flush()
    producer.close()


def admin(broker, question):
    # Finding out the version again takes longer than the question.
    client = KafkaAdminClient(bootstrap_servers=broker.address, api_version=(2, 5, 0))
    try:
        return question(client)
    finally:
        client.close()


def committed(broker, group):
    try:
        offsets = admin(broker, lambda a: a.list_consumer_group_offsets(group))
    except GroupCoordinatorNotAvailableError:  # __consumer_offsets is being made
        return 0
    return sum(o.offset for o in offsets.values())


def shared(members, partitions):
    """Every partition with exactly one of them."""
    held = [p for m in members for p in m.assigned or []]
    return sorted(held) == list(range(partitions))


def share(assignor):
    with broker() as b:
        fill(b, 6, 60)
        a = Member(b, "g", assignor=assignor)
        until("the first has all", lambda: shared([a], 6))
        c = Member(b, "g", assignor=assignor)
        until("two share", lambda: shared([a, c], 6) and a.has(3))
        until("everything is read", lambda: committed(b, "g") == 60)
        c.end()
        until("the first has all again", lambda: shared([a], 6))
        a.end()
        assert admin(b, lambda k: k.describe_consumer_groups(["g"]))[0].state == "Empty"


def test_range():
    """range: two share what one had, and one has all again when the other leaves"""
    share("range")


def test_roundrobin():
    """round robin: the same"""
    share("roundrobin")


def test_sticky():
    """sticky: the same"""
    share("sticky")


def test_killed():
    """a member that is killed is missed after its session, and what it had goes to the other"""
    with broker() as b:
        fill(b, 4, 40)
        a, c = Member(b, "g"), Member(b, "g")
        until("two share", lambda: shared([a, c], 4) and a.has(2))
        c.end(kill=True)
        until("the other has all", lambda: shared([a], 4))
        a.end()


def test_more_members_than_partitions():
    """of four members three read, one is idle; two groups each get everything"""
    with broker() as b:
        fill(b, 3, 30)
        members = [Member(b, "g") for _ in range(4)]
        until("three read", lambda: shared(members, 3) and
              [sum(m.has(n) for m in members) for n in (0, 1)] == [1, 3])
        other = Member(b, "h")
        until("both groups have read all",
              lambda: committed(b, "g") == 30 and committed(b, "h") == 30)
        for m in members + [other]:
            m.end()


def test_restart():
    """after kill -9 of the broker groups go on where they had committed"""
    with broker() as b:
        fill(b, 3, 30)
        a = Member(b, "g")
        until("everything is read", lambda: committed(b, "g") == 30)
        b.kill()
        b.start()
        assert committed(b, "g") == 30
        fill(b, 3, 12)
        until("what is new is read", lambda: committed(b, "g") == 42)
        assert a.read == 42, a.read
        a.end()


def test_kcat():
    """kcat -G reads everything once, commits, and finds nothing the second time"""
    if not have("kcat"):
        raise Skip("kcat is not installed")
    with broker() as b:
        fill(b, 3, 30)
        base = ["kcat", "-b", b.address, "-q", "-G", "k",
                "-X", "auto.offset.reset=earliest", "-X", "session.timeout.ms=2000"]
        assert len(run(base + ["-e", "t"]).stdout.split()) == 30
        assert committed(b, "k") == 30
        fill(b, 3, 3)
        assert len(run(base + ["-e", "t"]).stdout.split()) == 3


def test_administration():
    """groups are listed, described, deleted; their offsets too"""
    with broker() as b:
        fill(b, 2, 10)
        a = Member(b, "g")
        until("everything is read", lambda: committed(b, "g") == 10)
        assert admin(b, lambda k: k.list_consumer_groups()) == [("g", "consumer")]
        told = admin(b, lambda k: k.describe_consumer_groups(["g"]))[0]
        assert told.state == "Stable" and len(told.members) == 1, told
        assert told.members[0].client_host == "/127.0.0.1", told
        refused = admin(b, lambda k: k.delete_consumer_groups(["g"]))
        assert refused[0][1].__name__ == "NonEmptyGroupError", refused
        a.end()
        assert admin(b, lambda k: k.delete_consumer_groups(["g"]))[0][1].errno == 0
        assert admin(b, lambda k: k.list_consumer_group_offsets("g")) == {}
        gone = admin(b, lambda k: k.list_consumer_group_offsets(
            "g", partitions=[TopicPartition("t", 0)]))
        assert gone[TopicPartition("t", 0)].offset == -1, gone


kdecktest.main()
