"""kdeck elect, reassign and quorum on three brokers: what they do, say, and refuse."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import kdecktest
from kdeckcli import DONE, KDECK, NO, USAGE
from kdeckcluster import Cluster, metadata
from kdecktest import until

RECORDS = 5000


def call(name, *args, program=KDECK):
    words = [program] + ([name] if name else [])
    done = subprocess.run(words + ["-b", cluster.bootstrap, *args], capture_output=True,
                          timeout=kdecktest.DEADLINE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def kdeck(name, *args):
    code, out, err = call(name, *args)
    assert code == DONE and not err, (name, args, code, out, err)
    return out


def told(name, *args):
    """The objects of --json."""
    return json.loads(kdeck(name, *args, "--json"))


def refused(code, words, name, *args):
    got = call(name, *args)
    assert got[0] == code and got[2].startswith("kdeck %s: " % name), got
    assert re.search(words, got[2]), got


def plan(replicas, topic="p"):
    path = os.path.join(folder, "plan.json")
    with open(path, "w") as f:
        json.dump({"partitions": [{"topic": topic, "partition": p, "replicas": r}
                                  for p, r in replicas.items()]}, f)
    return path


def placed(topic):
    return [(p.leader, p.replicas) for p in metadata(cluster[0], [topic]).topics[topic]]


def settled():
    until("the moves are over", lambda: told("reassign", "--list") == [])
    cluster.in_sync()


def test_1_moves():
    """replicas come and go with all their records; the way back is printed before anything moves"""
    kdeck("topics", "--create", "--topic", "p", "--replica-assignment", "1:2,2:3,3:1")
    kdeck("produce", "--topic", "p", "--count", str(RECORDS), "--size", "100")
    there = plan({0: [3, 2], 1: [1, 2, 3], 2: [2]})
    state = told("reassign", "--verify", "--reassignment-json-file", there)
    assert [s["state"] for s in state] == ["notActive"] * 3, state
    out = kdeck("reassign", "--execute", "--reassignment-json-file", there)
    back = os.path.join(folder, "back.json")
    with open(back, "w") as f:
        f.write(re.search(r"^\{.*\}$", out, re.M).group(0))
    assert out.endswith("Successfully started partition reassignments for p-0,p-1,p-2\n"), out
    settled()
    state = told("reassign", "--verify", "--reassignment-json-file", there)
    assert [s["state"] for s in state] == ["completed"] * 3, state
    assert [r for _, r in placed("p")] == [[3, 2], [1, 2, 3], [2]]
    out = kdeck("reassign", "--execute", "--reassignment-json-file", back)
    assert out.count("Successfully started moving log directory") == 6, out
    settled()
    assert [r for _, r in placed("p")] == [[1, 2], [2, 3], [3, 1]]
    ends = [o["offset"] for o in told("get-offsets", "--topic", "p")]
    assert sum(ends) == RECORDS, ends


def test_2_elections():
    """preferred leaders lead again; what needs no election is said, what cannot be is refused"""
    path = plan({0: [2, 1], 1: [3, 2], 2: [1, 3]})
    kdeck("reassign", "--execute", "--reassignment-json-file", path)
    settled()
    script = os.path.join(folder, "kafka-leader-election.sh")
    os.symlink(KDECK, script)
    for _ in range(2):
        code, out, err = call(None, "--election-type", "preferred", "--topic", "p",
                              program=script)
        assert code == DONE and not err, (code, out, err)
    assert out == "Valid replica already elected for partitions p-0, p-1, p-2\n", out
    assert [leader for leader, _ in placed("p")] == [2, 3, 1]
    assert kdeck("elect", "--election-type", "preferred", "--all-topic-partitions") == ""
    got = told("elect", "--election-type", "unclean", "--topic", "p", "--partition", "1")
    assert got[0]["error"] == "ELECTION_NOT_NEEDED" and got[0]["electionType"] == "UNCLEAN", got
    elect = ["elect", "--election-type", "preferred"]
    refused(NO, "no such topic", *elect, "--topic", "nope")
    refused(NO, "partition p-9: UNKNOWN_TOPIC_OR_PARTITION", *elect, "--topic", "p",
            "--partition", "9")
    refused(USAGE, "one of --topic, --all", *elect)
    refused(USAGE, "one of --topic, --all", *elect, "--topic", "p", "--all-topic-partitions")
    refused(USAGE, "needs --topic", *elect, "--all-topic-partitions", "--partition", "1")
    refused(USAGE, "preferred or unclean", "elect", "--election-type", "free", "--topic", "p")


def test_3_waiting():
    """a move that waits for a dead broker is listed and cancelled; its end is not awaited"""
    kdeck("topics", "--create", "--topic", "lone", "--replica-assignment", "3")
    cluster.in_sync(["lone"])
    cluster.node(3).kill()
    until("nobody leads it", lambda: placed("lone")[0][0] == -1)
    path = plan({0: [1]}, "lone")
    code, out, err = call("reassign", "--execute", "--reassignment-json-file", path)
    # Where the dead broker keeps its replica, nobody can tell; it is moved all the same.
    assert code == DONE and "Successfully started" in out, (code, out, err)
    moving = told("reassign", "--list")
    assert moving == [{"topic": "lone", "partition": 0, "replicas": [1, 3], "addingReplicas": [1],
                       "removingReplicas": [3]}], moving
    refused(NO, "existing partition assignment: lone-0", "reassign", "--execute",
            "--reassignment-json-file", path)
    out = kdeck("reassign", "--cancel", "--reassignment-json-file", path, "--preserve-throttles")
    assert out.startswith("Successfully cancelled partition reassignment for: lone-0\n"), out
    assert told("reassign", "--list") == [] and placed("lone")[0][1] == [3]
    refused(NO, "Unknown broker id 3", "reassign", "--execute", "--reassignment-json-file",
            plan({0: [3, 1]}))
    refused(NO, "PREFERRED_LEADER_NOT_AVAILABLE", "elect", "--election-type", "preferred",
            "--topic", "p", "--partition", "1")
    cluster.node(3).start()
    cluster.in_sync()


def test_4_throttles():
    """throttles are taken as settings, said to be without meaning, and taken away by --verify"""
    path = plan({0: [2, 3]})
    code, out, err = call("reassign", "--execute", "--reassignment-json-file", path,
                          "--throttle", "1000000")
    assert code == DONE and "throttle limit was set to 1000000 B/s" in out, (code, out, err)
    assert "--throttle has no meaning here" in err, err
    settled()
    assert "throttled" in kdeck("configs", "--describe", "--topic", "p")
    assert "throttled" in kdeck("configs", "--describe", "--broker", "2")
    out = kdeck("reassign", "--verify", "--reassignment-json-file", path)
    assert "Clearing broker-level throttles on brokers 1,2,3\n" in out, out
    assert "throttled" not in kdeck("configs", "--describe", "--topic", "p")
    assert "throttled" not in kdeck("configs", "--describe", "--broker", "2")


def test_5_plans():
    """--generate spreads leaders and followers; bad plans are named"""
    topics = os.path.join(folder, "topics.json")
    with open(topics, "w") as f:
        f.write('{"topics": [{"topic": "p"}]}')
    generate = ["reassign", "--generate", "--topics-to-move-json-file", topics, "--broker-list"]
    proposed = told(*generate, "1,2,3")
    assert sorted(p["replicas"][0] for p in proposed) == [1, 2, 3], proposed
    assert all(p["currentReplicas"] for p in proposed), proposed
    refused(NO, "larger than available brokers: 1", *generate, "2")
    refused(USAGE, "stands there twice", *generate, "1,1")
    for replicas, words in [({0: [1, 9]}, "Unknown broker id 9"), ({0: []}, "no replicas"),
                            ({0: [1, 1]}, "two replicas on broker 1"),
                            ({7: [1]}, "Unable to find partition: p-7")]:
        refused(NO, words, "reassign", "--execute", "--reassignment-json-file", plan(replicas))
    refused(NO, "INVALID_REPLICATION_FACTOR", "reassign", "--execute",
            "--disallow-replication-factor-change", "--reassignment-json-file", plan({0: [1]}))
    refused(USAGE, "cannot be used with --list", "reassign", "--list", "--additional")
    refused(USAGE, "needs --reassignment-json-file", "reassign", "--verify")
    assert told("reassign", "--list") == []


def test_6_substitution():
    """the plan on the command line, as the console copies it"""
    line = ("%s reassign -b %s --execute --reassignment-json-file <(echo '{\"partitions\":"
            "[{\"topic\":\"p\",\"partition\":1,\"replicas\":[2]}],\"version\":1}')"
            % (KDECK, cluster.bootstrap))
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=kdecktest.DEADLINE)
    assert done.returncode == DONE, done
    settled()
    assert placed("p")[1] == (2, [2])


def test_7_quorum():
    """the quorum as any broker tells it; voters are fixed; another leader when it is killed"""
    status = told("quorum", "describe", "--status")[0]
    assert [v["id"] for v in status["currentVoters"]] == [1, 2, 3], status
    assert status["currentObservers"] == [] and len(status["clusterId"]) == 22, status
    rows = told("quorum", "describe", "--replication")
    assert [r["status"] for r in rows] == ["Leader", "Follower", "Follower"], rows
    assert rows[0]["nodeId"] == status["leaderId"] and rows[0]["lag"] == 0, rows
    assert " ms ago" in kdeck("quorum", "describe", "--replication", "--human-readable")
    refused(USAGE, "fixed when the cluster is made", "quorum", "add-controller")
    refused(USAGE, "one of --status and --replication", "quorum", "describe")
    cluster.node(status["leaderId"]).kill()

    def another():
        code, out, _ = call("quorum", "describe", "--status", "--json")
        return code == DONE and json.loads(out)[0]["leaderId"] != status["leaderId"]
    until("another voter leads", another)
    cluster.node(status["leaderId"]).start()
    until("it has caught up",
          lambda: told("quorum", "describe", "--status")[0]["maxFollowerLag"] == 0)
    cluster.in_sync()


folder = tempfile.mkdtemp(prefix="kdeck-moves-")
try:
    with Cluster(3) as cluster:
        kdecktest.main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
