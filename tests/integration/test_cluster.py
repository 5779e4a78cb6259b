#!/usr/bin/env python3
"""Three brokers that are one cluster: they join, die, stop, pause and come back."""
import base64
import os
import re
import shutil
import struct
import time

import kdecktest
from kdeckcluster import Cluster, create_topic, metadata, Metadata
from kdecktest import Wire, have, run, until
from rawmessages import Messages

BROKER_REGISTRATION = 62


def moved(watcher, topic, gone):
    """Polls one broker until none of the topic's partitions is led by `gone` or by nobody; how
    many seconds that took, and the longest time any of them had no leader there."""
    began = time.monotonic()
    without, longest = {}, 0.0
    with Wire(watcher.port) as w:
        while True:
            now = time.monotonic()
            leaders = Metadata(w, [topic]).leaders()
            for key, leader in leaders.items():
                if leader < 0:
                    without.setdefault(key, now)
                elif key in without:
                    longest = max(longest, now - without.pop(key))
            if leaders and all(n >= 0 and n != gone for n in leaders.values()):
                return time.monotonic() - began, longest
            if now - began > 30:
                raise AssertionError("leaders after 30 s: %s" % leaders)


def assign_topic(node, name, replicas):
    """CreateTopics v2: one partition on these brokers."""
    body = struct.pack(">i", 1) + string(name) + struct.pack(">ihiii", -1, -1, 1, 0, len(replicas))
    body += struct.pack(">%di" % len(replicas), *replicas) + struct.pack(">ii?", 0, 30000, False)
    with Wire(node.port) as w:
        w.request(19, 2, 1, body)
        error = struct.unpack_from(">h", w.response(), 14 + len(name))[0]
    assert error == 0, error


def set_topic_config(node, name, key, value):
    """IncrementalAlterConfigs v0."""
    body = struct.pack(">ib", 1, 2) + string(name) + struct.pack(">i", 1)
    body += string(key) + b"\0" + string(value) + b"\0"
    with Wire(node.port) as w:
        w.request(44, 0, 1, body)
        error = struct.unpack_from(">h", w.response(), 12)[0]
    assert error == 0, error


def reassign(node, topic, replicas):
    """AlterPartitionReassignments v0 of partition 0; its error code."""
    def compact(text):
        return bytes([len(text) + 1]) + text.encode()
    if replicas is None:
        wanted = b"\0"
    else:
        wanted = bytes([len(replicas) + 1]) + struct.pack(">%di" % len(replicas), *replicas)
    body = b"\0" + struct.pack(">i", 30000) + b"\2" + compact(topic)
    body += b"\2" + struct.pack(">i", 0) + wanted + b"\0\0\0"
    with Wire(node.port) as w:
        w.request(45, 0, 1, body)
        answer = w.response()
    # correlation id, tags, throttle, error, null text, one topic, its name, one partition, index
    assert struct.unpack_from(">h", answer, 9)[0] == 0
    return struct.unpack_from(">h", answer, 13 + len(compact(topic)) + 1 + 4)[0]


def string(text):
    return struct.pack(">h", len(text)) + text.encode()


def test_join():
    """three start from empty folders, are one cluster, and each tells of all"""
    with Cluster(3) as c:
        c.all_see(3)
        said = [metadata(n, []) for n in c.nodes]
        assert len({m.cluster for m in said}) == 1 and said[0].cluster
        assert len({m.controller for m in said}) == 1
        for m in said:
            assert m.brokers == {n.id: ("127.0.0.1", n.port) for n in c.nodes}, m.brokers
        if have("kcat"):
            for n in c.nodes:
                out = run(["kcat", "-L", "-b", n.address]).stdout.decode()
                assert "3 brokers:" in out, out


def test_topic_from_anywhere():
    """a topic is created by any broker, its leaders are spread, and every broker has it"""
    with Cluster(3) as c:
        c.all_see(3)
        for i, n in enumerate(c.nodes):
            name = "t%d" % i
            assert create_topic(n, name, 6, 3) == 0
            assert create_topic(n, name, 6, 3) == 36
            until("all have it", lambda t=name: all(
                len(metadata(o, [t]).topics.get(t, [])) == 6 for o in c.nodes))
            ps = metadata(n, [name]).topics[name]
            assert sorted(p.leader for p in ps) == [1, 1, 2, 2, 3, 3], ps
            assert all(len(p.isr) == 3 for p in ps), ps
        assert create_topic(c[1], "many", 1, 4) == 38


def test_kill():
    """kill -9 of each broker in turn: its leaders move at once; it comes back as a follower"""
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 12, 3) == 0
        for i in range(3):
            c.in_sync(["t"])
            watcher = c[(i + 1) % 3]
            controller = metadata(watcher, []).controller
            c[i].kill()
            took, longest = moved(watcher, "t", c[i].id)
            print("# killed %d%s: %.0f ms until all lead elsewhere, %.0f ms without a leader" % (
                c[i].id, ", the controller" if controller == c[i].id else "", took * 1000,
                longest * 1000), flush=True)
            limit = 3 if controller == c[i].id else 1
            assert took < limit, took
            c[i].start()
            c.all_see(3)


def test_stop():
    """SIGTERM: leaders move before the broker goes, none is without one for long"""
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 12, 3) == 0
        for i in range(3):
            c.in_sync(["t"])
            watcher = c[(i + 1) % 3]
            began = time.monotonic()
            c[i].terminate()
            took, longest = moved(watcher, "t", c[i].id)
            assert c[i].gone() == 0, c[i].tail()
            print("# stopped %d: %.0f ms until all lead elsewhere, %.0f ms without a leader, "
                  "%.0f ms until it was gone" % (c[i].id, took * 1000, longest * 1000,
                                                 (time.monotonic() - began) * 1000), flush=True)
            assert longest < 1, longest
            c[i].start()
            c.all_see(3)


def test_pause():
    """a paused broker is fenced when its session is over, and is back when it goes on"""
    with Cluster(3, broker_session_timeout_ms=1500, broker_heartbeat_interval_ms=300) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        controller = metadata(c[0], []).controller
        victim = next(n for n in c.nodes if n.id != controller)
        watcher = next(n for n in c.nodes if n.id not in (controller, victim.id))
        victim.pause()
        try:
            moved(watcher, "t", victim.id)
            until("it is fenced", lambda: victim.id not in metadata(watcher, []).brokers)
        finally:
            victim.go_on()
        c.all_see(3)
        c.in_sync(["t"])


def test_pause_controller():
    """a paused controller is replaced; going on, it decides nothing more and is a broker again"""
    with Cluster(3, controller_quorum_fetch_timeout_ms=500) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        old = c.node(metadata(c[0], []).controller)
        watcher = next(n for n in c.nodes if n is not old)
        old.pause()
        try:
            moved(watcher, "t", old.id)
            until("another controls", lambda: metadata(watcher, []).controller != old.id)
            assert create_topic(watcher, "u", 6, 2) == 0
        finally:
            old.go_on()
        c.all_see(3)
        c.in_sync(["t", "u"])
        assert len({metadata(n, []).controller for n in c.nodes}) == 1


def test_unclean_election():
    """the last replica in sync is gone: no leader, until the topic allows one that lost records"""
    with Cluster(3) as c:
        c.all_see(3)
        controller = metadata(c[0], []).controller
        first, second = [n for n in c.nodes if n.id != controller]
        assign_topic(c[0], "t", [first.id, second.id])
        c.in_sync(["t"])
        first.kill()
        until("one is left", lambda: metadata(second, ["t"]).topics["t"][0].isr == [second.id])
        second.kill()
        first.start()
        watcher = c.node(controller)
        c.all_see(2)
        assert metadata(watcher, ["t"]).topics["t"][0].leader == -1
        set_topic_config(watcher, "t", "unclean.leader.election.enable", "true")
        until("it leads", lambda: metadata(watcher, ["t"]).topics["t"][0].leader == first.id)
        second.start()
        c.in_sync(["t"])


def test_move_replicas():
    """replicas move to a broker that joined, and the move is over when they are in sync"""
    with Cluster(3) as c:
        c.all_see(3)
        assign_topic(c[0], "t", [1, 2, 3])
        c.add().start()
        c.all_see(4)
        assert reassign(c[0], "t", [4, 2]) == 0
        until("it is over", lambda: all(
            metadata(n, ["t"]).topics["t"][0].replicas == [4, 2] for n in c.nodes))
        c.in_sync(["t"])
        assert metadata(c[0], ["t"]).topics["t"][0].leader in (4, 2)
        assert reassign(c[1], "t", None) == 85
        assert reassign(c[1], "t", [9]) == 39


def test_all_stop_and_start():
    """all stop together, none hangs; all start again, with topics and leaders as before"""
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        for n in c.nodes:
            n.terminate()
        for n in c.nodes:
            assert n.gone() == 0, n.tail()
        c.start()
        c.all_see(3)
        c.in_sync(["t"])


def test_id_twice():
    """a second broker with the id of a living one ends with an error that says so"""
    with Cluster(4) as c:
        c.all_see(4)
        twin = c.add()
        twin.write(**{"node.id": 4})
        twin.launch()
        assert twin.gone() == 1
        assert "node.id 4 is taken" in twin.text(), twin.tail()
        assert metadata(c[0], []).brokers[4] == ("127.0.0.1", c[3].port)


def test_removed_folder():
    """a broker whose folder was removed is a new replica: it leads nothing that it has lost"""
    with Cluster(4) as c:
        c.all_see(4)
        observer = c[3]
        assert create_topic(c[0], "t", 8, 2) == 0
        c.in_sync(["t"])
        observer.kill()
        shutil.rmtree(observer.data)
        observer.start()
        c.all_see(4)
        c.in_sync(["t"])


def test_removed_folder_of_a_voter():
    """the same for a voter: it votes again when it has caught up, and leads nothing it has lost"""
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 8, 3) == 0
        c.in_sync(["t"])
        for i in range(3):
            c[i].kill()
            shutil.rmtree(c[i].data)
            c[i].start()
            c.all_see(3)
            c.in_sync(["t"])


def copy_of(cluster, node):
    """A further process with a copy of the folder of broker 4; not started."""
    twin = cluster.add()
    shutil.copytree(node.data, twin.data)
    twin.write(**{"node.id": 4})
    return twin


def takes_over(cluster, twin, node):
    twin.wait_ready()
    assert node.gone() == 1
    assert "node.id 4 was taken over" in node.text(), node.tail()
    assert "copy of this data folder" in node.text(), node.tail()
    until("the twin is the broker",
          lambda: metadata(cluster[0], []).brokers.get(4) == ("127.0.0.1", twin.port))


def test_copied_folder():
    """two processes from copies of one folder: the later one is the broker, the other one ends"""
    with Cluster(4) as c:
        c.all_see(4)
        twin = copy_of(c, c[3])
        twin.launch()
        takes_over(c, twin, c[3])


def test_copy_that_stands_still():
    """the same when the later one stands still for a while at some moment of its start"""
    with Cluster(4) as c:
        c.all_see(4)
        for moment in range(4):
            node, twin = c[-1], copy_of(c, c[-1])
            twin.launch()
            # Ever later, and so long that the other registers again meanwhile.
            time.sleep(moment / 100)
            twin.pause()
            time.sleep(0.15)
            twin.go_on()
            takes_over(c, twin, node)


def test_registration_that_comes_late():
    """what a dead process of a broker's folder had still asked for does not end the living one"""
    with Cluster(4) as c:
        c.all_see(4)
        assert create_topic(c[0], "t", 4, 4) == 0
        c.in_sync(["t"])
        with open(os.path.join(c[3].data, "meta.properties")) as f:
            folder = re.search(r"directory\.id=(\S+)", f.read()).group(1)
        given = {("broker_id",): 4, ("cluster_id",): metadata(c[0]).cluster.encode(),
                 ("log_dirs",): base64.urlsafe_b64decode(folder + "=="),
                 ("incarnation_id",): b"late" * 4, ("listeners", "name"): b"PLAINTEXT",
                 ("listeners", "host"): b"127.0.0.1", ("listeners", "port"): c[3].port}

        def fill(path, kind):
            if kind == "count":
                return 1 if path[0] in ("log_dirs", "listeners") else 0
            return given.get(path, None if kind == "STRING" else b"\0" * 16 if kind == "UUID" else 0)

        body = Messages().encode(BROKER_REGISTRATION, 2, fill)
        for node in c.nodes[:3]:  # one of them is the active controller
            with Wire(node.controller_port) as w:
                w.request(BROKER_REGISTRATION, 2, 1, b"\0" + body)
                w.response()
        until("it is registered again", lambda: "registering again" in c[3].text())
        c.all_see(4)
        c.in_sync(["t"])
        assert c[3].running(), c[3].tail()


def test_id_of_a_paused_one():
    """who takes the id of a broker that stands still keeps it: the other one ends when it goes on"""
    with Cluster(4, broker_session_timeout_ms=1000, broker_heartbeat_interval_ms=300) as c:
        c.all_see(4)
        c[3].pause()
        try:
            until("it is fenced", lambda: 4 not in metadata(c[0], []).brokers)
            twin = c.add()
            twin.write(**{"node.id": 4})
            twin.start()
        finally:
            c[3].go_on()
        assert c[3].gone() == 1
        assert "node.id 4 was taken over by another process. Each" in c[3].text(), c[3].tail()
        until("the twin is the broker",
              lambda: metadata(c[0], []).brokers.get(4) == ("127.0.0.1", twin.port))


def test_balance():
    """leaders go back to their preferred replicas by themselves"""
    with Cluster(3, leader_imbalance_check_interval_seconds=1) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 9, 3) == 0
        c.in_sync(["t"])
        c[1].kill()
        moved(c[0], "t", 2)
        c[1].start()
        until("they are back", lambda: all(
            p.leader == p.replicas[0] for p in metadata(c[0], ["t"]).topics["t"]))


def test_more_brokers():
    """a fourth broker observes the quorum and is a broker like the others"""
    with Cluster(3) as c:
        c.all_see(3)
        c.add().start()
        c.all_see(4)
        assert create_topic(c[3], "t", 8, 4) == 0
        c.in_sync(["t"])
        assert {p.leader for p in metadata(c[3], ["t"]).topics["t"]} == {1, 2, 3, 4}


def test_no_controller():
    """with most controllers gone a change waits, and is an error of its item when time is over"""
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 1, 1) == 0
        c[1].kill()
        c[2].kill()
        began = time.monotonic()
        assert create_topic(c[0], "u", 1, 1, timeout=1500) == 7
        assert 1.4 < time.monotonic() - began < 10
        c[1].start()
        assert create_topic(c[0], "u", 1, 1) in (0, 36)


if __name__ == "__main__":
    kdecktest.main()
