#!/usr/bin/env python3
"""What the HTTP face of three brokers tells of a failure, and the faults between brokers."""
import json
import time

import kdecktest
from httpface import Metrics, ask, events, get, refused
from kdeckcluster import Cluster, create_topic, free_ports, metadata
from kdecktest import have, run, until


def cluster(**settings):
    c = Cluster(3, start=False, kdeck_faults_enable="true", **settings)
    for node, port in zip(c.nodes, free_ports(3)):
        node.http = "127.0.0.1:%d" % port
        node.write(kdeck_http_listener=node.http)
    try:
        c.start()
        c.all_see(3)
    except BaseException:
        c.close()
        raise
    return c


def put(node, **faults):
    status, _, body = ask(node.http, "PUT", "/faults", json.dumps(faults))
    assert status == 200, body


def active(c):
    """The node that says of itself that it is the active controller."""
    return until("one is active", lambda: next(
        (n for n in c.nodes if n.running() and
         Metrics(n.http).value("kdeck_controller_active") == 1), None))


def test_ready_line():
    """the ready line ends with the address of HTTP, and every broker is healthy"""
    with cluster() as c:
        for n in c.nodes:
            assert n.said.strip().endswith(b" http=" + n.http.encode()), n.said
            assert get(n.http, "/health")["node.id"] == n.id
        assert len({get(n.http, "/health")["cluster.id"] for n in c.nodes}) == 1
        active(c)
        for n in c.nodes:
            m = Metrics(n.http)
            assert m.value("kdeck_brokers", state="unfenced") == 3


def test_full_disk_of_a_follower():
    """a follower without room leaves the ISR, nothing acknowledged waits for it; it comes back"""
    with cluster(replica_lag_time_max_ms=1500) as c:
        assert create_topic(c[0], "t", 1, 3) == 0
        c.in_sync(["t"])
        leader = metadata(c[0], ["t"]).topics["t"][0].leader
        full = next(n for n in c.nodes if n.id != leader)
        put(full, full_disk=True)
        kcat = ["kcat", "-P", "-b", c.bootstrap, "-t", "t", "-X", "acks=all"]
        run(kcat, stdin=b"one\ntwo\n")
        assert full.id not in metadata(c.node(leader), ["t"]).topics["t"][0].isr
        assert full.running()
        put(full, full_disk=False)
        c.in_sync(["t"])
        # Told once, not with every try.
        assert full.text().count("records of node") <= 1, full.tail()


def test_events_of_a_kill():
    """a broker dies: fenced, out of the ISRs, new leaders with their epochs and the time without"""
    with cluster() as c:
        boss = active(c)
        victim = next(n for n in c.nodes if n is not boss)
        witness = next(n for n in c.nodes if n not in (boss, victim))
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        led = [p.index for p in metadata(boss, ["t"]).topics["t"] if p.leader == victim.id]
        assert led
        after = {n: events(n.http)[1] for n in (boss, witness)}
        victim.kill()
        for n in (boss, witness):
            until("all have another leader", lambda: len(
                events(n.http, after[n], type="leader", leader_before=victim.id)[0]) == len(led))
            found = events(n.http, after[n], type="leader", topic="t")[0]
            assert sorted(e["partition"] for e in found) == sorted(led), found
            for e in found:
                assert e["leader"] not in (-1, victim.id), e
                assert e["leader_epoch"] == e["leader_epoch_before"] + 1, e
                if n is boss:
                    assert 0 <= e["leaderless_ms"] < 5000, e
                else:
                    assert e["leaderless_ms"] is None, e
            assert events(n.http, after[n], type="broker", broker=victim.id, state="fenced")[0]
            shrunk = events(n.http, after[n], type="isr", topic="t")[0]
            assert {e["partition"] for e in shrunk} == set(range(6)), shrunk
            assert all(victim.id in e["isr_before"] and victim.id not in e["isr"]
                       for e in shrunk), shrunk
            m = Metrics(n.http)
            assert m.value("kdeck_isr_shrinks_total") == 6
            assert m.value("kdeck_leader_changes_total") == len(led)
            assert m.value("kdeck_brokers", state="fenced") == 1
        lacking = sum(Metrics(n.http).value("kdeck_partitions_under_replicated")
                      for n in (boss, witness))
        assert lacking == 6, lacking
        victim.start()
        c.in_sync(["t"])
        grown = until("it is back in all sets", lambda: [e for e in events(
            boss.http, after[boss], type="isr", topic="t")[0] if len(e["isr"]) == 3][5:])
        assert victim.id in grown[0]["isr"], grown
        states = [e["state"] for e in
                  events(boss.http, after[boss], type="broker", broker=victim.id)[0]]
        assert states == ["fenced", "registered", "unfenced"], states


def test_events_of_a_stop():
    """a broker that stops hands over: no time without a leader, and it says that it goes"""
    with cluster() as c:
        boss = active(c)
        leaver = next(n for n in c.nodes if n is not boss)
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        after = events(boss.http)[1]
        assert leaver.stop() == 0
        found = until("leaders have moved", lambda: events(
            boss.http, after, type="leader", leader_before=leaver.id)[0])
        assert all(e["leaderless_ms"] == 0 for e in found), found
        assert events(boss.http, after, type="broker", broker=leaver.id,
                      state="shutting down")[0]


def test_events_of_a_controller():
    """the active controller dies: another one in a later epoch, and leaders for what it led"""
    with cluster() as c:
        boss = active(c)
        others = [n for n in c.nodes if n is not boss]
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        after = {n: events(n.http)[1] for n in others}
        epoch = Metrics(boss.http).value("kdeck_controller_epoch")
        boss.kill()
        successor = active(c)
        for n in others:
            until("it is told", lambda: events(
                n.http, after[n], type="controller", controller=successor.id)[0])
            told = events(n.http, after[n], type="controller")[0]
            assert told[0]["controller_before"] == boss.id, told
            assert told[-1]["controller"] == successor.id and told[-1]["epoch"] > epoch, told
            found = until("its partitions are led", lambda: events(
                n.http, after[n], type="leader", leader_before=boss.id)[0])
            assert all(0 <= e["leaderless_ms"] < 5000 for e in found), found


def test_cut():
    """two brokers cut off from each other at one end: neither has the other's records, the third
    has; healed, all is as before"""
    if not have("kcat"):
        raise kdecktest.Skip("no kcat")
    with cluster(replica_lag_time_max_ms="1500") as c:
        boss = active(c)
        one, two = [n for n in c.nodes if n is not boss]
        assert create_topic(c[0], "t", 6, 3) == 0
        c.in_sync(["t"])
        refused(one.http, "PUT", "/faults", 400, "itself", json.dumps({"cut": [one.id]}))
        after = events(boss.http)[1]
        put(one, cut=[two.id])
        # Who lacks nothing stays in sync, heard or not: something must be lacking.
        for i in range(6):
            run(["kcat", "-P", "-b", boss.address, "-t", "t", "-p", str(i), "-X", "acks=1"],
                stdin=b"word\n")

        def apart():
            """Each of the two has only itself and the controller in sync where it leads."""
            ps = metadata(boss, ["t"]).topics["t"]
            return all(sorted(p.isr) == sorted([p.leader, boss.id]) for p in ps
                       if p.leader in (one.id, two.id)) and all(
                           len(p.isr) == 3 for p in ps if p.leader == boss.id)
        until("they are out of each other's sets", apart)
        assert not events(boss.http, after, type="broker", state="fenced")[0]
        for n in (one, two):
            assert get(n.http, "/health")["healthy"]
        assert ask(one.http, "DELETE", "/faults")[0] == 200
        c.in_sync(["t"])


def test_delay():
    """a slow broker stays in the cluster and its followers in sync"""
    with cluster() as c:
        assert create_topic(c[0], "t", 3, 3) == 0
        c.in_sync(["t"])
        put(c[1], delay_ms=150)
        began = time.monotonic()
        metadata(c[1], [])
        assert time.monotonic() - began >= 0.15
        assert create_topic(c[1], "u", 3, 3) == 0
        c.in_sync(["t", "u"])
        assert get(c[1].http, "/health")["healthy"]


kdecktest.main()
