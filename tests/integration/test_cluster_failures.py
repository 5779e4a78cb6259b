"""Three brokers when some are gone, slow or stopped: nothing that is not safe is acknowledged, what
was acknowledged stays, and all is well again when they return."""
import os
import socket

import kdecktest
from clusterwatch import Watch
from kdeckcluster import Cluster
from kdecktest import BUILD, Wire, run, until
from rawclient import batch, produce, produce_error, read_all, record

TIMED_OUT, NOT_ENOUGH, NOT_ENOUGH_AFTER = 7, 19, 20


def create(cluster, min_isr):
    run([os.path.join(BUILD, "kdeck"), "topics", "--bootstrap-server", cluster.bootstrap,
         "--create", "--topic", "t", "--partitions", "1", "--replication-factor", "3",
         "--config", "min.insync.replicas=%d" % min_isr])


def leader_of(cluster):
    """The node that leads, as one that answers says and it confirms itself; None."""
    for node in cluster.nodes:
        leader = Watch(node, "t").leaders().get(0, -1) if node.running() else -1
        told = Watch(cluster.node(leader), "t").leaders() if leader > 0 else {}
        if told.get(0) == leader:
            return cluster.node(leader)
    return None


def leader(cluster):
    return until("there is a leader", lambda: leader_of(cluster))


def send(node, value):
    """Kafka's code for one record with acks=all."""
    with Wire(node.port) as w:
        produce(w, b"t", batch(records=record(value)), -1, timeout_ms=1000)
        return produce_error(w.response(), b"t")


def acknowledged(cluster, value):
    """Tries whoever leads until it is."""
    def once():
        node = leader_of(cluster)
        try:
            return node and send(node, value) == 0
        except (OSError, EOFError):
            return False
    until("%s is acknowledged" % value, once)


def kept(cluster):
    """Everything below the high watermark."""
    return b"".join(data for _, data in read_all(leader(cluster), b"t"))


def whole(cluster):
    for node in cluster.nodes:
        until("the in-sync set is whole, as broker %d says" % node.id,
              lambda n=node: Watch(n, "t").whole(3))


def test_one_gone_with_min_isr_three():
    """one of three gone, min.insync.replicas=3: NOT_ENOUGH_REPLICAS; accepted when it is back"""
    with Cluster(3) as c:
        create(c, 3)
        acknowledged(c, b"before")
        gone = next(n for n in c.nodes if n is not leader(c))
        gone.kill()
        codes = set()

        def refused():
            codes.add(send(leader(c), b"refused"))
            return NOT_ENOUGH in codes
        until("it is refused before it is appended", refused)
        assert codes <= {TIMED_OUT, NOT_ENOUGH, NOT_ENOUGH_AFTER}, codes
        gone.start()
        acknowledged(c, b"after")
        assert b"before" in kept(c) and b"after" in kept(c)


def test_two_gone():
    """two of three gone: nothing is acknowledged; when they return, all is, and nothing is lost"""
    with Cluster(3) as c:
        create(c, 2)
        acknowledged(c, b"before")
        last = leader(c)
        gone = [n for n in c.nodes if n is not last]
        for node in gone:
            node.kill()
        for _ in range(2):
            assert send(last, b"alone") in (TIMED_OUT, NOT_ENOUGH, NOT_ENOUGH_AFTER)
        for node in gone:
            node.launch()
        for node in gone:
            node.wait_ready()
        acknowledged(c, b"after")
        whole(c)
        assert b"before" in kept(c) and b"after" in kept(c)


def test_paused_leader():
    """a leader that was stopped (SIGSTOP) and goes on acknowledges nothing stale"""
    with Cluster(3, broker_session_timeout_ms=1500, broker_heartbeat_interval_ms=300) as c:
        create(c, 2)
        acknowledged(c, b"before")
        old = leader(c)
        w = Wire(old.port)
        old.pause()
        # It lies in the socket of the stopped process, which reads it when it goes on.
        produce(w, b"t", batch(records=record(b"stale")), -1)
        others = [n for n in c.nodes if n is not old]
        until("another one leads", lambda: Watch(others[0], "t").leaders().get(0, -1) not in
              (-1, old.id))
        new = c.node(Watch(others[0], "t").leaders()[0])
        until("the new leader takes records", lambda: send(new, b"meanwhile") == 0)
        old.go_on()
        w.socket.settimeout(kdecktest.DEADLINE)
        try:
            assert produce_error(w.response(), b"t") != 0
        except (EOFError, ConnectionError, socket.timeout):
            pass
        w.close()
        whole(c)
        text = kept(c)
        assert b"before" in text and b"meanwhile" in text and b"stale" not in text


def test_controller_killed():
    """the controller killed: another one decides, and producers notice a retry at most"""
    with Cluster(3) as c:
        create(c, 2)
        acknowledged(c, b"before")
        first = Watch(c[0], "t").ask()[0]
        c.node(first).kill()
        rest = [n for n in c.nodes if n.id != first]
        until("there is another controller", lambda: (Watch(rest[0], "t").ask() or (first,))[0]
              not in (-1, first))
        run([os.path.join(BUILD, "kdeck"), "topics", "--bootstrap-server", rest[0].address,
             "--create", "--topic", "new", "--partitions", "3", "--replication-factor", "2"])
        acknowledged(c, b"after")
        c.node(first).start()
        whole(c)
        assert b"before" in kept(c) and b"after" in kept(c)


kdecktest.main()
