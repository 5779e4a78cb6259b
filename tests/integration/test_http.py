#!/usr/bin/env python3
"""The HTTP face of one broker: health, metrics, events, faults, and whoever means it no good."""
import json
import os
import socket
import subprocess
import time

import kdecktest
from httpface import Metrics, ask, events, get, refused
from kdeckcluster import Cluster, create_topic, free_ports, metadata
from kdecktest import BUILD, Broker, Wire, have, run, until

def face(**settings):
    return Broker(kdeck_http_listener="127.0.0.1:0", **settings)


def faulty(**settings):
    return face(kdeck_faults_enable="true", **settings)


def put(broker, **faults):
    status, _, body = ask(broker.http, "PUT", "/faults", json.dumps(faults))
    assert status == 200, body
    return json.loads(body)


# ---- health ----------------------------------------------------------------------------------------

def test_health():
    """health says who serves; a broker without the setting has no HTTP"""
    with face() as b, Broker() as plain:
        said = get(b.http, "/health")
        assert said["healthy"] is True and said["node.id"] == 0 and said["cluster.id"], said
        assert plain.http is None


def test_health_stopping():
    """a broker that is about to stop says so while it does"""
    with face() as b, Wire(b.port) as w:
        # A client that takes no answers holds the stop up for some seconds.
        w.socket.settimeout(0.5)
        try:
            while True:
                w.request(18, 0, 1)
        except socket.timeout:
            pass
        b.process.terminate()
        until("it says that it stops", lambda: ask(b.http, "GET", "/health")[0] == 503)
        status, _, body = ask(b.http, "GET", "/health")
        assert json.loads(body)["reason"].startswith("stopping"), body
        w.close()
        assert b.process.wait(timeout=30) == 0


def test_health_no_controller():
    """a voter that finds nobody is not healthy, and tells why"""
    with Cluster(3, start=False) as c:
        http = "127.0.0.1:%d" % free_ports(1)[0]
        c[0].write(kdeck_http_listener=http)
        c[0].launch()

        def asked():
            assert c[0].running(), c[0].tail()
            try:
                return ask(http, "GET", "/health")
            except OSError:
                return None
        status, _, body = until("it answers", asked)
        said = json.loads(body)
        assert status == 503 and said["healthy"] is False, said
        assert "no controller" in said["reason"], said
        for other in (2, 3):
            assert "node %d (127.0.0.1:" % other in said["reason"], said
        until("the log tells, too", lambda: said["reason"].split("; ")[1] in c[0].text())
        Metrics(http)
        assert get(http, "/events") == {"events": [], "next": 0, "lost": 0}


def test_port_taken():
    """an HTTP port that is taken is one line and nothing was changed"""
    with face() as b:
        other = b.folder + "/other"
        done = run([os.path.join(BUILD, "kdeck-broker"), "--override", "log.dirs=" + other,
                    "--override", "listeners=PLAINTEXT://127.0.0.1:0",
                    "--override", "kdeck.http.listener=" + b.http], check=False)
        assert done.returncode == 1, done
        words = done.stderr.decode()
        assert words.count("\n") == 1 and b.http in words and "in use" in words, words
        assert "kdeck.http.listener" in words, words
        assert not os.path.exists(other)


# ---- metrics ---------------------------------------------------------------------------------------

def test_metrics_at_rest():
    """metrics are valid and name every family from the first moment"""
    with face() as b:
        m = Metrics(b.http)
        for name, kind in (("kdeck_requests_total", "counter"), ("kdeck_groups", "gauge"),
                           ("kdeck_request_duration_seconds", "histogram"),
                           ("kdeck_log_bytes", "gauge"), ("process_open_fds", "gauge"),
                           ("kdeck_isr_shrinks_total", "counter")):
            assert m.types[name] == kind, (name, m.types.get(name))
        assert m.value("kdeck_partitions") == 0
        assert m.value("kdeck_controller_active") == 1
        assert m.value("kdeck_brokers", state="unfenced") == 1
        memory = m.value("kdeck_anonymous_memory_bytes")
        assert 0.5 < memory / 1024 / b.rss_anon_kb() < 2, (memory, b.rss_anon_kb())
        assert abs(m.value("process_start_time_seconds") - time.time()) < 120


def test_metrics_after_traffic():
    """metrics tell what was done: topics, records, bytes, requests and their times"""
    if not have("kcat"):
        raise kdecktest.Skip("no kcat")
    with face() as b:
        assert create_topic(b, "orders", 3, 1) == 0
        assert create_topic(b, 'sold.out-1', 1, 1) == 0
        run(["kcat", "-P", "-b", b.address, "-t", "orders", "-p", "1"],
            stdin=b"".join(b"%d\n" % i for i in range(500)))
        run(["kcat", "-C", "-b", b.address, "-t", "orders", "-p", "1", "-e", "-q"])
        m = Metrics(b.http)
        assert m.value("kdeck_partitions") == m.value("kdeck_partitions_led") == 4
        assert m.value("kdeck_topic_records_in_total", topic="orders") == 500
        assert m.value("kdeck_topic_records_in_total", topic="sold.out-1") == 0
        size = m.value("kdeck_topic_log_bytes", topic="orders")
        assert 2000 < size == m.value("kdeck_log_bytes"), size
        assert m.value("kdeck_topic_bytes_in_total", topic="orders") == size
        assert m.value("kdeck_topic_bytes_out_total", topic="orders") == size
        assert m.value("kdeck_requests_total", api="CreateTopics") == 2
        produced = m.value("kdeck_requests_total", api="Produce")
        assert produced >= 1
        assert m.value("kdeck_request_duration_seconds_count", api="Produce") == produced
        assert m.value("kdeck_request_bytes_total", api="Produce") > size
        assert m.value("kdeck_response_bytes_total", api="Fetch") > size
        assert m.value("kdeck_connections_accepted_total") >= 4
        assert m.value("kdeck_network_in_bytes_total") > size
        later = Metrics(b.http)
        for key, v in m.samples.items():
            if key[0].endswith("_total"):
                assert later.samples[key] >= v, key


def test_metrics_of_many_topics():
    """no number of topics makes the answer grow without end, and the sums stay whole"""
    with face(num_partitions="1") as b:
        n = 230
        for i in range(n):
            assert create_topic(b, "topic-%03d" % i, 1, 1) == 0
        with Wire(b.port) as w:
            assert len(metadata(b, ["topic-%03d" % (n - 1)]).topics) == 1
            w.request(18, 0, 1)
            w.response()
        m = Metrics(b.http)
        topics = m.labels("kdeck_topic_log_bytes", "topic")
        assert len(topics) == 201 and "(others)" in topics, len(topics)
        assert m.value("kdeck_partitions") == n


def test_metrics_of_a_waiting_reader():
    """a request that waits is counted with the time it waited"""
    if not have("kcat"):
        raise kdecktest.Skip("no kcat")
    with face() as b:
        assert create_topic(b, "t", 1, 1) == 0
        run(["kcat", "-C", "-b", b.address, "-t", "t", "-e", "-q", "-X", "fetch.wait.max.ms=300"])
        m = Metrics(b.http)
        name = "kdeck_request_duration_seconds"
        assert m.value(name + "_sum", api="Fetch") > 0.2
        assert m.value(name + "_bucket", api="Fetch", le="0.1") < m.value(
            name + "_count", api="Fetch")


# ---- events ----------------------------------------------------------------------------------------

def test_events():
    """what happened since an id; nothing twice, nothing left out"""
    with face() as b:
        found, last = events(b.http, type="controller")
        assert [e["controller"] for e in found] == [0] and found[0]["epoch"] >= 1, found
        assert events(b.http, last) == ([], last)
        now = time.time() * 1000
        assert all(abs(e["time"] - now) < 120000 for e in found)
        # An id from the life before this one: everything is told.
        assert len(events(b.http, 10 ** 15)[0]) == last


def test_events_of_a_rebalance():
    """a rebalance is told with its generation, members and pause"""
    if not have("kcat"):
        raise kdecktest.Skip("no kcat")
    with face() as b:
        assert create_topic(b, "t", 1, 1) == 0
        member = subprocess.Popen(["kcat", "-b", b.address, "-q", "-G", "kitchen", "t"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found = until("the rebalance is told",
                          lambda: events(b.http, type="rebalance", state="Stable")[0])
            assert found[0]["group"] == "kitchen" and found[0]["members"] == 1, found
            assert found[0]["generation"] >= 1 and 0 <= found[0]["pause_ms"] < 30000, found
            counts = Metrics(b.http)
            assert counts.value("kdeck_groups", state="Stable") == 1
        finally:
            member.terminate()
            member.wait()
        last = until("its end is told",
                     lambda: events(b.http, type="rebalance", state="Empty")[0])[-1]
        assert last["members"] == 0 and last["generation"] > found[0]["generation"], last


def test_events_kept():
    """the last thousand are kept, and what was lost is counted"""
    with faulty() as b:
        for i in range(1100):
            put(b, delay_ms=0)
        said = get(b.http, "/events")
        ids = [e["id"] for e in said["events"]]
        assert len(ids) == 1000 and ids == list(range(ids[0], ids[0] + 1000)), ids[:3]
        assert said["next"] == ids[-1] and said["lost"] == ids[0] - 1, (said["next"], said["lost"])
        assert get(b.http, "/events?after=%d" % (ids[-1] - 2))["lost"] == 0


# ---- faults ----------------------------------------------------------------------------------------

NONE = {"cut": [], "delay_ms": 0, "slow_disk_ms": 0, "full_disk": False, "stop_serving": False}


def test_faults_are_off():
    """without the setting nothing can be broken, and how to allow it is said"""
    with face() as b:
        for method in ("GET", "PUT", "DELETE"):
            refused(b.http, method, "/faults", 403, "kdeck.faults.enable=true",
                    "{}" if method == "PUT" else None)


def test_faults_set_and_healed():
    """a PUT sets what it names and leaves the rest; DELETE heals; a start heals"""
    with faulty() as b:
        assert get(b.http, "/faults") == NONE
        assert put(b, delay_ms=3)["delay_ms"] == 3
        assert put(b, slow_disk_ms=1) == dict(NONE, delay_ms=3, slow_disk_ms=1, dropped=0)
        assert get(b.http, "/faults") == dict(NONE, delay_ms=3, slow_disk_ms=1)
        assert events(b.http, type="faults")[0][-1]["slow_disk_ms"] == 1
        status, _, body = ask(b.http, "DELETE", "/faults")
        assert status == 200 and json.loads(body) == NONE, body
        put(b, full_disk=True)
        b.stop()
        b.start()
        assert get(b.http, "/faults") == NONE


def test_faults_misspelt():
    """what is not understood is refused by its name, and changes nothing"""
    with faulty() as b:
        for body, words in (
                ("", "a value was expected"), ("{", "line 1, column 2"), ("[]", "an object"),
                ('{"delay": 1}', "'delay' is no fault"), ('{"delay_ms": -1}', "delay_ms"),
                ('{"delay_ms": 1.5}', "delay_ms"), ('{"delay_ms": "1"}', "delay_ms"),
                ('{"delay_ms": 60001}', "60000"), ('{"delay_ms": 1, "delay_ms": 2}', "twice"),
                ('{"full_disk": 1}', "full_disk"), ('{"cut": 1}', "cut"), ('{"cut": [-1]}', "cut"),
                ('{"cut": ["1"]}', "cut"), ('{"cut": [0]}', "this node itself"),
                ('{"cut": [7]}', "no node 7"), ('{"delay_ms": 5} x', "the end"),
                ("\xff\xfe", "a value was expected"), ("[" * 10000, "too deep"),
                ('{"full_disk": true, "stop_serving": null}', "stop_serving")):
            refused(b.http, "PUT", "/faults", 400, words, body.encode("latin1"))
        assert get(b.http, "/faults") == NONE


def test_fault_delay():
    """answers come so much later, in order, also those of many requests at once"""
    with faulty() as b, Wire(b.port) as w:
        put(b, delay_ms=200)
        began = time.monotonic()
        for i in range(20):
            w.request(18, 0, i)
        for i in range(20):
            assert w.response()[:4] == i.to_bytes(4, "big")
        took = time.monotonic() - began
        assert 0.2 <= took < 2, took
        w.request(18, 0, 99)
        ask(b.http, "DELETE", "/faults")
        assert w.response()[:4] == (99).to_bytes(4, "big")


def test_fault_drop():
    """connections are dropped once; the next ones are taken"""
    with faulty() as b, Wire(b.port) as w:
        w.request(18, 0, 1)
        w.response()
        assert put(b, drop_connections=True)["dropped"] >= 1
        assert w.closed()
        with Wire(b.port) as again:
            again.request(18, 0, 2)
            again.response()


def test_fault_stop_serving():
    """nothing is answered and health says so, until it is healed: then all that waited is"""
    with faulty() as b, Wire(b.port) as w:
        put(b, stop_serving=True)
        status, _, body = ask(b.http, "GET", "/health")
        assert status == 503 and "stop_serving" in json.loads(body)["reason"], body
        w.request(18, 0, 7)
        with Wire(b.port) as other:
            other.request(18, 0, 8)
            w.socket.settimeout(0.3)
            try:
                assert not w.socket.recv(1), "an answer"
            except socket.timeout:
                pass
            w.socket.settimeout(30)
            ask(b.http, "DELETE", "/faults")
            assert w.response()[:4] == (7).to_bytes(4, "big")
            assert other.response()[:4] == (8).to_bytes(4, "big")
        assert get(b.http, "/health")["healthy"]


def test_fault_disk():
    """a full disk refuses records and no more once healed; a slow one takes its time"""
    if not have("kcat"):
        raise kdecktest.Skip("no kcat")
    with faulty() as b:
        assert create_topic(b, "t", 1, 1) == 0
        produce = ["kcat", "-P", "-b", b.address, "-t", "t", "-X", "message.timeout.ms=1500"]
        run(produce, stdin=b"one\n")
        put(b, full_disk=True)
        assert run(produce, stdin=b"two\n", check=False).returncode != 0
        assert get(b.http, "/health")["healthy"]
        put(b, full_disk=False, slow_disk_ms=300)
        began = time.monotonic()
        until("records are taken again",
              lambda: run(produce, stdin=b"three\n", check=False).returncode == 0)
        assert time.monotonic() - began >= 0.3
        ask(b.http, "DELETE", "/faults")
        out = run(["kcat", "-C", "-b", b.address, "-t", "t", "-e", "-q"]).stdout.split()
        assert out[0] == b"one" and out[-1] == b"three", out


if __name__ == "__main__":
    kdecktest.main()
