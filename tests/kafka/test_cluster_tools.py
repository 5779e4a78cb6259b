"""Kafka's own tools for clusters on three of our brokers: topics, elections, reassignments, the
quorum; before and after brokers are killed. One JVM runs several of them, one after the other.
"""
import json
import os
import re
import shutil
import tempfile

import javatools
from javatools import TOOLS, java

javatools.need_kafka()

from kdeckcluster import Cluster, metadata  # noqa: E402
from kdecktest import BUILD, run, until  # noqa: E402

KDECK = os.path.join(BUILD, "kdeck")
MOVES = TOOLS + "reassign.ReassignPartitionsCommand"
RECORDS = 20000


def tool(name, *args, check=True):
    """What a tool says on standard output; it must succeed."""
    done = java(name, "--bootstrap-server", cluster.bootstrap, *args, check=False)
    assert not check or done.returncode == 0, (name, args, done.stdout, done.stderr)
    return done.stdout


def kdeck(name, *args):
    return run([KDECK, name, "-b", cluster.bootstrap, *args]).stdout.decode()


def file(name, value):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        json.dump(value, f)
    return path


def plan(name, topic, replicas):
    """{partition: [brokers]} as a reassignment file."""
    return file(name, {"version": 1, "partitions": [
        {"topic": topic, "partition": p, "replicas": r} for p, r in replicas.items()]})


def placed(topic):
    """{partition: (leader, replicas, isr)} as TopicCommand tells them."""
    out = tool("TopicCommand", "--describe", "--topic", topic)
    found = re.findall(r"Partition: (\d+)\tLeader: (\S+)\tReplicas: ([\d,]+)\tIsr: ([\d,]*)", out)
    return {int(p): (leader, [int(b) for b in replicas.split(",")],
                     sorted(int(b) for b in isr.split(",") if b))
            for p, leader, replicas, isr in found}


def settled():
    """No replica moves any more."""
    until("the moves are over",
          lambda: "No partition reassignments found" in kdeck("reassign", "--list"))


def ends(topic):
    return sum(int(line.rsplit(":", 1)[1])
               for line in kdeck("get-offsets", "--topic", topic).splitlines())


def status():
    """The quorum in a dictionary."""
    out = tool("MetadataQuorumCommand", "describe", "--status")
    return dict(re.split(r":\s+", line, maxsplit=1) for line in out.splitlines())


def test_1_topics():
    """topics are made over three brokers and described alike by Kafka's tool and ours"""
    tool("TopicCommand", "--create", "--topic", "spread", "--partitions", "6",
         "--replication-factor", "3")
    tool("TopicCommand", "--create", "--topic", "p", "--replica-assignment", "1:2,2:3,3:1")
    cluster.in_sync()
    where = placed("spread")
    assert sorted(leader for leader, _, _ in where.values()) == list("112233"), where
    assert all(sorted(replicas) == [1, 2, 3] for _, replicas, _ in where.values()), where
    for topic in "spread", "p":
        theirs = tool("TopicCommand", "--describe", "--topic", topic)
        assert theirs == kdeck("topics", "--describe", "--topic", topic), theirs
    assert tool("TopicCommand", "--describe", "--under-replicated-partitions") == ""


def test_2_quorum():
    """the quorum: three voters, no observer, all of them at the leader's end"""
    said = status()
    voters = json.loads(said["CurrentVoters"])
    assert [v["id"] for v in voters] == [1, 2, 3], said
    assert all(v["endpoints"] and v["directoryId"] for v in voters), said
    assert said["CurrentObservers"] == "[]", said
    rows = tool("MetadataQuorumCommand", "describe", "--replication").splitlines()[1:]
    assert sorted(row.split("\t")[0].strip() for row in rows) == ["1", "2", "3"], rows
    assert [row.split("\t")[-2].strip() for row in rows] == ["Leader", "Follower", "Follower"]


def test_3_moves():
    """Kafka's tool moves replicas of a topic with records; ours sees the same, and the way back"""
    run([KDECK, "produce", "-b", cluster.bootstrap, "--topic", "p", "--count", str(RECORDS),
         "--size", "100"])
    there = plan("there", "p", {0: [3, 2], 1: [1, 2, 3], 2: [2]})
    out = tool(MOVES, "--execute", "--reassignment-json-file", there)
    back = file("back", json.loads(re.search(r"^\{.*\}$", out, re.M).group(0)))
    assert "Successfully started partition reassignments for p-0,p-1,p-2" in out, out
    settled()
    out = tool(MOVES, "--verify", "--reassignment-json-file", there)
    assert out.count("is completed.") == 3 and "Clearing" in out, out
    assert out == kdeck("reassign", "--verify", "--reassignment-json-file", there)
    where = placed("p")
    assert [where[i][1] for i in range(3)] == [[3, 2], [1, 2, 3], [2]], where
    assert all(sorted(r) == isr for _, r, isr in where.values()), where
    assert ends("p") == RECORDS
    # The way back names the folder of each replica.
    out = tool(MOVES, "--execute", "--reassignment-json-file", back, "--throttle", "50000000")
    assert out.count("Successfully started moving log directory") == 6, out
    settled()
    assert kdeck("reassign", "--verify", "--reassignment-json-file", back).count(
        "is completed.") == 3
    assert [placed("p")[i][1] for i in range(3)] == [[1, 2], [2, 3], [3, 1]]
    assert ends("p") == RECORDS


def test_4_plans():
    """--generate spreads over the brokers that are named; what cannot be is refused"""
    topics = file("topics", {"topics": [{"topic": "spread"}]})
    for ask in (lambda *a: tool(MOVES, *a), lambda *a: kdeck("reassign", *a)):
        out = ask("--generate", "--topics-to-move-json-file", topics, "--broker-list", "1,2,3")
        now, then = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        assert len(now["partitions"]) == len(then["partitions"]) == 6, out
        first = [p["replicas"][0] for p in then["partitions"]]
        assert sorted(first) == [1, 1, 2, 2, 3, 3], out
    for bad in {0: [1, 9]}, {0: [1, 1]}, {7: [1]}:
        path = plan("bad", "p", bad)
        for name in (MOVES,):
            done = java(name, "--bootstrap-server", cluster.bootstrap, "--execute",
                        "--reassignment-json-file", path, check=False)
            assert done.returncode != 0, done.stdout
        assert run([KDECK, "reassign", "-b", cluster.bootstrap, "--execute",
                    "--reassignment-json-file", path], check=False).returncode == 1
    settled()


def test_5_kill():
    """a killed broker leads nothing, is the preferred leader again when it is back and asked"""
    victim = cluster.node(1)
    tool("TopicCommand", "--create", "--topic", "lone", "--replica-assignment", "1")
    cluster.in_sync(["lone"])
    victim.kill()
    until("nobody is led by it", lambda: all(
        p.leader == -1 if t == "lone" else p.leader in (2, 3)
        for n in cluster.nodes if n.running()
        for t, ps in metadata(n).topics.items() for p in ps))
    out = tool("TopicCommand", "--describe", "--under-replicated-partitions")
    assert "Topic: spread\tPartition: 0" in out and "Isr: " in out, out
    said = status()
    assert said["LeaderId"] in ("2", "3"), said
    done = java("LeaderElectionCommand", "--bootstrap-server", cluster.bootstrap,
                "--election-type", "preferred", "--topic", "p", "--partition", "0", check=False)
    assert done.returncode == 1 and "PreferredLeaderNotAvailable" in done.stdout, done.stdout
    # The only replica is dead: a move waits for it, and can be cancelled.
    waits = plan("waits", "lone", {0: [3]})
    kdeck("reassign", "--execute", "--reassignment-json-file", waits)
    out = tool(MOVES, "--list")
    assert "lone-0: replicas: 3,1. adding: 3. removing: 1." in out, out
    assert out == kdeck("reassign", "--list"), out
    assert "is still in progress" in tool(MOVES, "--verify", "--reassignment-json-file", waits)
    out = tool(MOVES, "--cancel", "--reassignment-json-file", waits, "--preserve-throttles")
    assert "Successfully cancelled partition reassignment for: lone-0" in out, out
    assert placed("lone")[0][1] == [1]
    kdeck("reassign", "--execute", "--reassignment-json-file", waits)
    victim.start()
    settled()
    cluster.in_sync()
    assert placed("lone")[0] == ("3", [3], [3])
    out = tool("LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions")
    assert "Successfully completed leader election (PREFERRED) for partitions" in out, out
    for topic in "spread", "p":
        for leader, replicas, isr in placed(topic).values():
            assert leader == str(replicas[0]) and sorted(replicas) == isr, placed(topic)
    assert tool("LeaderElectionCommand", "--election-type", "preferred",
                "--all-topic-partitions") == ""
    assert ends("p") == RECORDS


def test_6_controller_killed():
    """the controller killed: the quorum has another leader, and tools go on"""
    before = status()
    leader = cluster.node(int(before["LeaderId"]))
    leader.kill()
    until("another one leads", lambda: status()["LeaderId"] != before["LeaderId"])
    said = status()
    assert int(said["LeaderEpoch"]) > int(before["LeaderEpoch"]), (before, said)
    tool("TopicCommand", "--create", "--topic", "after", "--partitions", "2",
         "--replication-factor", "2")
    assert all(str(leader.id) != lead for lead, _, _ in placed("after").values())
    leader.start()
    cluster.in_sync()
    tool("TopicCommand", "--delete", "--topic", "after")
    assert "after" not in tool("TopicCommand", "--list").split()
    until("the voter has caught up", lambda: status()["MaxFollowerLag"] == "0")


def test_7_unclean():
    """the only replica in sync is gone: no leader, until an unclean election makes one"""
    tool("TopicCommand", "--create", "--topic", "risk", "--replica-assignment", "2:3")
    cluster.in_sync(["risk"])
    cluster.node(3).kill()
    until("broker 3 is out of the ISR",
          lambda: metadata(cluster.node(2), ["risk"]).topics["risk"][0].isr == [2])
    cluster.node(2).kill()
    cluster.node(3).start()
    until("nobody leads it",
          lambda: metadata(cluster.node(3), ["risk"]).topics["risk"][0].leader == -1)
    assert "risk" in tool("TopicCommand", "--describe", "--unavailable-partitions")
    out = tool("LeaderElectionCommand", "--election-type", "unclean", "--topic", "risk",
               "--partition", "0")
    assert "Successfully completed leader election (UNCLEAN) for partitions risk-0" in out, out
    assert placed("risk")[0][0] == "3"
    cluster.node(2).start()
    cluster.in_sync()


folder = tempfile.mkdtemp(prefix="kdeck-tools-")
try:
    with Cluster(3) as cluster:
        javatools.kdecktest.main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
