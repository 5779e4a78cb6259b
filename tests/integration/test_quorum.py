"""The metadata quorum as processes: three controllers elect, agree on one log, lose a member and
get it back; who does not belong is refused with words."""
import os
import shutil
import struct
import time

import kdecktest
from kdeckcluster import Cluster, Node, create_topic, metadata
from kdecktest import Broker, Wire, until
from rawclient import batches
from test_full_disk import Volume

VOTE, DESCRIBE_QUORUM, PRODUCE, METADATA, API_VERSIONS = 52, 55, 0, 3, 18
LOG = "__cluster_metadata-0"


class Controllers(Cluster):
    """Nodes with the controller's role alone: ready means that there is a quorum."""

    def make(self, node_id, port, controller_port):
        settings = {"node.id": node_id, "process.roles": "controller",
                    "listeners": "CONTROLLER://127.0.0.1:%d" % controller_port,
                    "controller.quorum.voters": self.voters}
        settings.update(self.settings)
        node = Node(self.folder, node_id, port, controller_port, settings)
        node.settings["log.dirs"] = node.data
        return node

    def leader(self, besides=None, deadline=20):
        """The node that leads, and its epoch, once one says so and half of the others agree."""
        def found():
            for node in self.nodes:
                if node is besides or not node.running():
                    continue
                said = describe(node.controller_port)
                if said and said["error"] == 0 and said["leader"] == node.id:
                    return node, said
            return None
        return until("a leader", found, deadline)

    def agreed(self, deadline=20):
        """Waits until every running node has the leader's whole log committed."""
        def all_there():
            said = self.leader()[1]
            ends = {v["id"]: v["end"] for v in said["voters"]}
            return said["high_watermark"] == said["end"] and all(
                ends[n.id] == said["end"] for n in self.nodes if n.running())
        until("one log", all_there, deadline)

    def logs_equal(self):
        """What the voters have on the disk: the same batches, as far as each goes."""
        texts = [metadata_log(n.data) for n in self.nodes]
        shortest = min(len(t) for t in texts)
        assert shortest > 0
        for text in texts:
            assert text[:shortest] == texts[0][:shortest]


def metadata_log(data):
    with open(os.path.join(data, LOG, "0" * 20 + ".log"), "rb") as f:
        return list(batches(f.read()))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        got = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return got if len(got) > 1 else got[0]

    def count(self):
        n, shift = 0, 0
        while True:
            byte = self.take("B")
            n |= (byte & 127) << shift
            if byte < 128:
                return n - 1
            shift += 7

    def text(self):
        n = self.count()
        if n < 0:
            return None
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def tags(self):
        assert self.take("B") == 0


def replicas(r):
    found = []
    for _ in range(r.count()):
        node, _, end, fetched, caught_up = r.take("i16sqqq")
        r.tags()
        found.append({"id": node, "end": end, "fetched": fetched, "caught_up": caught_up})
    return found


def describe(port):
    """DescribeQuorum version 2, of a node's own view; None when nobody listens."""
    name = b"__cluster_metadata"
    body = b"\x00\x02" + bytes([len(name) + 1]) + name + b"\x02\x00\x00\x00\x00\x00\x00\x00"
    try:
        with Wire(port) as w:
            w.request(DESCRIBE_QUORUM, 2, 1, body)
            r = Reader(w.response())
    except (OSError, EOFError):
        return None
    r.take("i")
    r.tags()
    out = {"top": r.take("h")}
    r.text()
    for _ in range(r.count()):
        r.text()
        for _ in range(r.count()):
            r.take("i")
            out["error"] = r.take("h")
            r.text()
            out["leader"], out["epoch"], out["high_watermark"] = r.take("iiq")
            out["voters"] = replicas(r)
            out["observers"] = replicas(r)
            r.tags()
        r.tags()
    out["nodes"] = {}
    for _ in range(r.count()):
        node = r.take("i")
        for _ in range(r.count()):
            r.text()
            out["nodes"][node] = (r.text(), r.take("H"))
            r.tags()
        r.tags()
    for v in out.get("voters", []):
        if v["id"] == out["leader"]:
            out["end"] = v["end"]
    return out


def test_three_elect_and_replace_a_killed_leader():
    """Three empty folders become a quorum at once; kill -9 of the leader makes another lead"""
    with Controllers(3) as c:
        first, said = c.leader()
        assert sorted(v["id"] for v in said["voters"]) == [1, 2, 3], said
        assert said["nodes"] == {n.id: ("127.0.0.1", n.controller_port) for n in c.nodes}, said
        for round_ in range(3):
            c.agreed()
            leader, said = c.leader()
            began = time.monotonic()
            leader.kill()
            new, then = c.leader()
            took = time.monotonic() - began
            assert new is not leader and then["epoch"] > said["epoch"], (said, then)
            assert took < 2, took
            leader.start()
            c.agreed()
        for n in c.nodes:
            assert n.stop() == 0
        c.logs_equal()


def test_hands_over_when_stopped():
    """A leader that is stopped in order hands over within a moment"""
    with Controllers(3) as c:
        c.agreed()
        leader, said = c.leader()
        leader.terminate()
        began = time.monotonic()
        new, then = c.leader(besides=leader)
        assert time.monotonic() - began < 1
        assert then["epoch"] > said["epoch"]
        assert leader.gone() == 0


def test_a_paused_leader_is_replaced_and_follows():
    """A leader that stands still is replaced after the time-out; when it goes on, it follows"""
    with Controllers(3, controller_quorum_fetch_timeout_ms=500,
                     controller_quorum_election_timeout_ms=300) as c:
        c.agreed()
        leader, said = c.leader()
        leader.pause()
        try:
            new, then = until("another leader", lambda: next(
                ((n, s) for n in c.nodes if n is not leader
                 for s in [describe(n.controller_port)]
                 if s and s["error"] == 0 and s["leader"] == n.id), None))
        finally:
            leader.go_on()
        assert then["epoch"] > said["epoch"]
        c.agreed()
        assert describe(leader.controller_port)["error"] != 0 or c.leader()[0] is leader


def test_a_broker_asks_who_the_voters_are():
    """A broker with bootstrap servers only looks on, and tells of the quorum what the leader knows"""
    with Cluster(4, start=False) as c:
        observer = c[3]
        observer.settings.update({"process.roles": "broker", "controller.quorum.voters": "",
                                  "controller.quorum.bootstrap.servers":
                                      "127.0.0.1:1,127.0.0.1:%d" % c[0].controller_port})
        c.start()
        for node in c.nodes:
            said = describe(node.port)
            assert said["error"] == 0 and sorted(v["id"] for v in said["voters"]) == [1, 2, 3], said
            assert [v["id"] for v in said["observers"]] == [4], said
            assert sorted(said["nodes"]) == [1, 2, 3], said
        until("it has caught up", lambda: next(
            s["observers"][0]["end"] == s["high_watermark"] == s["end"]
            for s in [describe(observer.port)]))
        leader = c.node(said["leader"])
        leader.kill()
        then = until("the new leader's answer", lambda: next(
            (s for s in [describe(observer.port)]
             if s and not s["top"] and s["leader"] != leader.id), None))
        assert then["epoch"] > said["epoch"], (said, then)


def test_two_of_three_gone():
    """Alone, nobody leads; with one more, somebody does"""
    with Controllers(3, controller_quorum_fetch_timeout_ms=300,
                     controller_quorum_election_timeout_ms=200) as c:
        c.agreed()
        leader, said = c.leader()
        others = [n for n in c.nodes if n is not leader]
        for n in others:
            n.kill()
        until("the leader resigns", lambda: describe(leader.controller_port)["error"] != 0)
        others[0].launch()
        new, then = c.leader()
        assert then["epoch"] > said["epoch"]


def test_a_lost_folder_comes_back_as_a_new_voter():
    """A voter whose data are gone takes no part before it has caught up"""
    with Controllers(3) as c:
        c.agreed()
        leader, _ = c.leader()
        lost = next(n for n in c.nodes if n is not leader)
        lost.kill()
        shutil.rmtree(lost.data)
        # Alone with one other it must not help to elect: that one may be the one with the vote.
        third = next(n for n in c.nodes if n not in (leader, lost))
        leader.kill()
        lost.launch()
        until("a voter without a past", lambda: os.path.exists(
            os.path.join(lost.data, LOG, "fresh-voter")))
        said = describe(third.controller_port)
        assert said["error"] != 0, said
        leader.launch()
        c.agreed()
        until("it has a past", lambda: not os.path.exists(
            os.path.join(lost.data, LOG, "fresh-voter")))
        with open(os.path.join(lost.data, "meta.properties")) as a:
            with open(os.path.join(third.data, "meta.properties")) as b:
                ids = [next(x for x in f if x.startswith("cluster.id=")) for f in (a, b)]
        assert ids[0] == ids[1], ids


def test_a_voters_id_twice():
    """A second process with a voter's id and an empty folder ends with words, whoever leads"""
    with Controllers(3) as c:
        c.agreed()
        leader, said = c.leader()
        follower = next(n for n in c.nodes if n is not leader)
        for taken in (leader, follower):
            twin = c.add()
            twin.write(**{"node.id": taken.id, "process.roles": "controller",
                          "listeners": "CONTROLLER://127.0.0.1:%d" % twin.controller_port})
            twin.launch()
            assert twin.gone() == 1
            assert "node.id %d is taken" % taken.id in twin.text(), twin.tail()
            assert ":%d: others will not find it" % twin.controller_port in twin.text()
            c.nodes.remove(twin)
            shutil.rmtree(twin.folder)
        c.agreed()
        assert c.leader()[1]["epoch"] == said["epoch"]
        assert "it has the id of node %d" % follower.id in leader.text(), leader.tail()


def test_an_older_metadata_log():
    """A node whose metadata log is one of yesterday takes what it lacks before it serves"""
    with Cluster(3) as c:
        c.all_see(3)
        old, log = os.path.join(c.folder, "old"), os.path.join(c[2].data, LOG)
        assert c[2].stop() == 0
        shutil.copytree(log, old)
        c[2].start()
        c.all_see(3)
        for i in range(3):
            assert create_topic(c[0], "t%d" % i, 3, 3) == 0
        c.in_sync()
        c[2].kill()
        shutil.rmtree(log)
        shutil.copytree(old, log)
        c[2].start()
        c.all_see(3)
        assert len(metadata(c[2]).topics) == 3
        c.in_sync()


def test_another_nodes_folder_is_refused():
    """A folder of another node: an error that names both"""
    with Controllers(3) as c:
        c.agreed()
        for n in c.nodes[1:]:
            assert n.stop() == 0
        c[2].write(log_dirs=c[1].data)
        c[2].launch()
        assert c[2].gone() == 1
        assert "the folder is of node.id=2, not of node.id=3" in c[2].text(), c[2].tail()


def test_another_clusters_folder_is_refused():
    """A folder of another cluster: an error that names both, and the others go on"""
    with Controllers(3) as c, Controllers(1) as other:
        c.agreed()
        foreign = other[0].stop()
        assert foreign == 0
        odd = next(n for n in c.nodes if n is not c.leader()[0])
        odd.kill()
        ids = []
        for data in (odd.data, other[0].data):
            with open(os.path.join(data, "meta.properties")) as f:
                ids.append(next(x for x in f if x.startswith("cluster.id=")).strip()[11:])
        shutil.rmtree(odd.data)
        os.makedirs(odd.data)
        with open(os.path.join(odd.data, "meta.properties"), "w") as f:
            f.write("version=1\nnode.id=%d\ncluster.id=%s\ndirectory.id=%s\n" % (
                odd.id, ids[1], "A" * 21 + "w"))
        odd.launch()
        assert odd.gone() == 1
        said = odd.tail()
        assert ids[0] in said and ids[1] in said, said
        assert c.leader()[1]["error"] == 0


def test_other_voters_are_refused():
    """A node whose controller.quorum.voters differs ends with words"""
    with Controllers(3) as c:
        c.agreed()
        leader, _ = c.leader()
        odd = next(n for n in c.nodes if n is not leader)
        other = next(n for n in c.nodes if n not in (leader, odd))
        odd.stop()
        right = odd.settings["controller.quorum.voters"]
        wrong_id = right.replace("%d@" % other.id, "7@")
        wrong_port = right.replace(":%d" % other.controller_port, ":1")
        for wrong, word in ((wrong_id, "controller.quorum.voters"), (wrong_port, "127.0.0.1:1")):
            odd.write(**{"controller_quorum_voters": wrong})
            odd.launch()
            assert odd.gone() == 1, wrong
            assert word in odd.tail(), odd.tail()
        odd.write(**{"controller_quorum_voters": right})
        odd.start()
        c.agreed()


def test_new_clusters_voters_disagree():
    """Three empty folders with different ideas of the voters do not become two clusters"""
    with Controllers(3, start=False) as c:
        odd = c[2]
        odd.settings["controller.quorum.voters"] = c.voters.replace("1@", "9@")
        for n in c.nodes:
            n.launch()
        until("words", lambda: any("controller.quorum.voters" in n.text() for n in c.nodes))
        # Node 2 is a voter for all: it may lead 1 and 3, and 3 finds that it has other voters.
        if "leader in epoch" in c[1].text():
            assert odd.gone() == 1
            assert "controller.quorum.voters" in odd.tail(), odd.tail()
        leaders = [n.id for n in c.nodes for s in [n.running() and describe(n.controller_port)]
                   if s and s["error"] == 0]
        assert leaders in ([], [2]), leaders


def test_listeners_serve_their_own():
    """Controllers' requests are refused where clients connect, and the other way round"""
    with Broker() as b:
        with Wire(b.port) as w:
            w.request(VOTE, 0, 1, b"\xff\xff\x00\x00\x00\x00")
            assert w.closed()
    with Controllers(1) as c:
        for key, version in ((PRODUCE, 3), (METADATA, 1)):
            with Wire(c[0].controller_port) as w:
                w.request(key, version, 1, b"\xff\xff\xff\xff")
                assert w.closed()
        with Wire(c[0].controller_port) as w:
            w.request(API_VERSIONS, 0, 1)
            answer = w.response()
        keys = [struct.unpack_from(">h", answer, 10 + 6 * i)[0]
                for i in range(struct.unpack_from(">i", answer, 6)[0])]
        assert VOTE in keys and DESCRIBE_QUORUM in keys and PRODUCE not in keys, keys


def test_a_full_disk_on_one_voter():
    """A voter without room harms nobody, and catches up when there is room again"""
    with Volume(4 << 20) as volume, Controllers(3, start=False) as c:
        full = c[0]
        full.data = os.path.join(volume.path, "data")
        full.settings["log.dirs"] = full.data
        c.start()
        c.agreed()
        volume.fill()
        for _ in range(2):
            leader, said = c.leader()
            victim = leader if leader is not full else next(
                n for n in c.nodes if n not in (leader, full))
            victim.kill()
            victim.launch()
            until("an epoch later", lambda: c.leader()[1]["epoch"] >= said["epoch"])
        for n in c.nodes:
            assert n.running(), n.tail()
        volume.give_back()
        c.agreed()
        for n in c.nodes:
            assert n.running(), n.tail()


def test_a_leader_without_room_gives_way():
    """A controller whose disk is full refuses one change and hands over; the next one has room"""
    with Volume(6 << 20) as volume, Cluster(3, start=False) as c:
        full = c[0]
        full.data = os.path.join(volume.path, "data")
        full.settings["log.dirs"] = full.data
        c.start()

        def leader():
            return until("a leader", lambda: next(
                (n for n in c.nodes for s in [n.running() and describe(n.controller_port)]
                 if s and s["error"] == 0 and s["leader"] == n.id), None))
        while leader() is not full:
            other = leader()
            other.stop()
            other.start()
        volume.fill()
        # More than what is left of the pages that the log has.
        topics = [os.path.join(kdecktest.BUILD, "kdeck"), "topics", "-b", c[1].address]
        refused = []
        for i in range(4):
            done = kdecktest.run(topics + ["--create", "--topic", "x%d" % i,
                                           "--replica-assignment", ",".join(["2:3"] * 40)],
                                 check=False)
            if done.returncode:
                refused.append(done.stderr)
        assert len(refused) == 1 and b"KAFKA_STORAGE_ERROR" in refused[0], refused
        assert leader() is not full
        volume.give_back()
        until("it has caught up", lambda: next(
            all(v["end"] == s["end"] for v in s["voters"])
            for s in [describe(leader().controller_port)]))


if __name__ == "__main__":
    kdecktest.main()
