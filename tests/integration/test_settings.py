"""Settings: those that act while the broker runs, the log file, limits of the machine, signals."""
import os
import signal
import socket
import struct
import subprocess
import tempfile

import kdecktest
from kdecktest import BUILD, Broker, Wire, run, until
from rawclient import (batch, batches, create, fetch, produce, produce_error, record, served,
                       string)

INCREMENTAL_ALTER_CONFIGS = 44
BROKER = 4
INVALID_REQUEST, TOO_LARGE = 42, 10


def alter(broker, key, value, node=b""):
    """(error, message) of setting one key of all brokers, or of one."""
    body = struct.pack(">ib", 1, BROKER) + string(node) + struct.pack(">i", 1) + string(key)
    body += struct.pack(">b", 0) + string(value) + struct.pack(">?", False)
    with Wire(broker.port) as w:
        w.request(INCREMENTAL_ALTER_CONFIGS, 0, 1, body)
        answer = w.response()
    error, n = struct.unpack_from(">hh", answer, 4 + 4 + 4)
    return error, answer[16:16 + max(n, 0)].decode()


def send(broker, topic, value):
    with Wire(broker.port) as w:
        produce(w, topic, batch(records=record(value)))
        return produce_error(w.response(), topic)


def test_live():
    """message.max.bytes of all brokers and of one acts at once"""
    with Broker() as b:
        assert create(b, b"t") == 0
        assert send(b, b"t", b"x" * 3000) == 0
        assert alter(b, b"message.max.bytes", b"1000") == (0, "")
        assert send(b, b"t", b"x" * 3000) == TOO_LARGE
        assert alter(b, b"message.max.bytes", b"5000", node=b"0") == (0, "")
        assert send(b, b"t", b"x" * 3000) == 0
        b.kill()
        b.start()
        assert send(b, b"t", b"x" * 3000) == 0
        assert send(b, b"t", b"x" * 6000) == TOO_LARGE


def test_compression():
    """compression.type of the broker changes what is stored, with the level asked for"""
    with Broker() as b:
        assert create(b, b"t") == 0
        codecs = [(b"gzip", 1), (b"lz4", 3), (b"zstd", 4), (b"snappy", 2), (b"uncompressed", 0)]
        for offset, (name, number) in enumerate(codecs):
            assert alter(b, b"compression.type", name) == (0, "")
            for key in (b"compression.gzip.level", b"compression.zstd.level"):
                assert alter(b, key, b"9") == (0, "")
            assert send(b, b"t", b"the same again and again " * 40) == 0
            with Wire(b.port) as w:
                (base, data), = batches(fetch(w, b"t", offset)[2])
            assert base == offset
            assert struct.unpack_from(">h", data, 21)[0] & 7 == number, name
            assert len(data) < 500 or number == 0, (name, len(data))


def closed_at_once(broker):
    with Wire(broker.port) as w:
        try:
            w.request(18, 0, 1)
            w.response()
            return False
        except (EOFError, ConnectionError):
            return True


def test_connection_limit():
    """max.connections.per.ip acts on new connections, and is taken back"""
    with Broker() as b:
        held = [Wire(b.port) for _ in range(3)]
        for w in held:
            w.request(18, 0, 1)
            w.response()
        assert alter(b, b"max.connections.per.ip", b"3") == (0, "")
        until("the altering connection is gone", lambda: closed_at_once(b))
        held[0].request(18, 0, 2)
        assert held[0].response()[:4] == struct.pack(">i", 2)
        held.pop().close()
        held.pop().close()
        until("there is room again", lambda: not closed_at_once(b))
        assert alter(b, b"max.connections.per.ip", b"1000") == (0, "")
        for w in held:
            w.close()


def test_refused():
    """settings that are read at the start only, unknown ones and bad values are refused"""
    with Broker() as b:
        error, text = alter(b, b"num.partitions", b"3")
        assert error == INVALID_REQUEST, error
        assert text == "Cannot update these configs dynamically: [num.partitions]", text
        error, text = alter(b, b"message.max.bytes", b"many")
        assert error == INVALID_REQUEST and "message.max.bytes" in text, (error, text)
        error, text = alter(b, b"message.max.byte", b"3")
        assert error != 0 and "message.max.bytes" in text, (error, text)


def described(broker, topic):
    """Partitions of the topic in one answer of DescribeTopicPartitions v0, all being asked for."""
    with Wire(broker.port) as w:
        w.request(75, 0, 1, b"\0\2" + bytes([len(topic) + 1]) + topic + b"\0" +
                  struct.pack(">i", 2000) + b"\xff\0")
        answer = w.response()
    return answer[answer.index(topic) + len(topic) + 16 + 1] - 1


def test_page_of_partitions():
    """max.request.partition.size.limit bounds an answer of DescribeTopicPartitions"""
    for settings, told in (({}, 20), ({"max_request_partition_size_limit": 7}, 7)):
        with Broker(**settings) as b:
            body = struct.pack(">i", 1) + string(b"many") + struct.pack(">ihii", 20, 1, 0, 0)
            with Wire(b.port) as w:
                w.request(19, 2, 1, body + struct.pack(">i?", 5000, False))
                w.response()
            assert described(b, b"many") == told


def test_log_file():
    """kdeck.log.file gets the lines; SIGHUP opens it anew after a rotation"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kdeck.log")
        with Broker(**{"kdeck_log_file": path}) as b:
            assert " serves at " in open(path).read()
            assert " serves at " not in b.tail()
            os.rename(path, path + ".1")
            b.process.send_signal(signal.SIGHUP)
            until("the new file", lambda: os.path.exists(path) and "anew" in open(path).read())
            assert os.stat(path).st_mode & 0o777 == 0o640
            assert create(b, b"t") == 0
            assert b.stop() == 0
            assert "stopping" in open(path).read()
            assert "stopping" not in open(path + ".1").read()
        done = run([os.path.join(BUILD, "kdeck-broker"), "--override", "kdeck.log.file=/nowhere/x",
                    "--override", "log.dirs=" + os.path.join(folder, "data")], check=False)
        assert done.returncode == 1 and b"/nowhere/x" in done.stderr, done.stderr
        assert not os.path.exists(os.path.join(folder, "data"))


def test_retention():
    """what is over the limit goes by itself, segment by segment, and the newest stays; also later"""
    with Broker(log_retention_check_interval_ms="50", log_segment_bytes="1048576",
                log_retention_bytes="1048576", log_retention_ms="-1") as b:
        assert create(b, b"t") == 0 and create(b, b"small") == 0
        assert send(b, b"small", b"x") == 0
        for first in (0, 3):
            for _ in range(3):
                assert send(b, b"t", b"x" * 700000) == 0
            with Wire(b.port) as w:
                until("the oldest is gone", lambda w=w: fetch(w, b"t", first)[0] == 1)
                error, high, _ = fetch(w, b"t", first + 2)
                assert (error, high) == (0, first + 3), (error, high)
                assert fetch(w, b"small", 0)[0] == 0
        names = sorted(n for n in os.listdir(os.path.join(b.folder, "data/t-0"))
                       if n.endswith(".log"))
        assert names[0] > "%020d.log" % 2, names


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class FewFiles(Broker):
    """A broker that may open few files."""

    def arguments(self):
        return ["prlimit", "--nofile=90:90", "--"] + super().arguments()


def test_few_files():
    """out of descriptors: callers are turned away, others served, logs still opened, no spinning"""
    if not kdecktest.have("prlimit"):
        raise kdecktest.Skip("prlimit is not installed")
    with FewFiles() as b:
        topics = [b"t%d" % i for i in range(40)]
        for name in topics:
            assert create(b, name) == 0
            code = send(b, name, b"x")
            assert code == 0, (code, b.tail())
        with Wire(b.port) as first:
            held = []
            for _ in range(200):
                s = socket.create_connection(("127.0.0.1", b.port))
                s.setblocking(False)
                held.append(s)
            before = cpu_seconds(b.process.pid)
            for i in range(50):
                first.request(18, 0, i)
                assert first.response()[:4] == struct.pack(">i", i)
            for name in topics:
                assert fetch(first, name, 0)[0] == 0, name
            assert cpu_seconds(b.process.pid) - before < 5
            for s in held:
                s.close()
        until("new connections are taken", lambda: not closed_at_once(b))
        served(b)
        assert "only 90 files" in b.tail() or "only 90 files" in open(b.log).read()


def test_second_signal():
    """a second SIGTERM ends a stop that takes its time"""
    with Broker() as b:
        assert create(b, b"t") == 0
        with Wire(b.port) as w:
            body = struct.pack(">iiiibi", -1, 60000, 1, 1000, 0, 1) + string(b"t")
            w.request(1, 4, 1, body + struct.pack(">iiqi", 1, 0, 0, 1000))
            # The first half of a request keeps the connection busy for the drain's whole time.
            w.send(struct.pack(">i", 100) + b"x")
            b.process.send_signal(signal.SIGTERM)
            until("it stops", lambda: "stopping" in open(b.log).read())
            b.process.send_signal(signal.SIGTERM)
            assert b.process.wait(timeout=kdecktest.DEADLINE) in (0, -signal.SIGTERM)


def test_bad_folders():
    """a data folder that is a file, or of another cluster, is named with the reason"""
    broker = os.path.join(BUILD, "kdeck-broker")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        open(path, "w").close()
        for place in (path, os.path.join(path, "below")):
            done = run([broker, "--override", "log.dirs=" + place, "--override",
                        "listeners=PLAINTEXT://127.0.0.1:0"], check=False)
            assert done.returncode == 1 and place.encode() in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1, done.stderr
        data = os.path.join(folder, "data")
        os.mkdir(data)
        with open(os.path.join(data, "meta.properties"), "w") as f:
            f.write("version=9\nnode.id=0\n")
        done = subprocess.run([broker, "--override", "log.dirs=" + data, "--override",
                               "listeners=PLAINTEXT://127.0.0.1:0"], capture_output=True)
        assert done.returncode == 1 and data.encode() in done.stderr, done.stderr
        assert sorted(os.listdir(data)) == [".lock", "meta.properties"]


kdecktest.main()
