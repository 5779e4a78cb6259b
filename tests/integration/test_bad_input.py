"""Bad input: an error of Kafka's or a closed connection, memory bounded, others served."""
import os
import struct
import tempfile
import time

import kdecktest
from kdecktest import BUILD, Broker, Wire, run
from rawclient import (API_VERSIONS, METADATA, PRODUCE, batch, create, produce, produce_error,
                       produce_offset, served)


def test_lengths():
    """lengths of -1, 2^31-1 and just above the limit close the connection"""
    with Broker() as b:
        for length in (-1, -2147483648, 2147483647, 104857601):
            with Wire(b.port) as w:
                w.send(struct.pack(">i", length) + b"xxxx")
                assert w.closed(), length
        served(b)


def test_cut_frames():
    """a frame cut anywhere and then closed harms nobody"""
    with Broker() as b:
        frame = struct.pack(">hhih", METADATA, 1, 1, 4) + b"test" + struct.pack(">i", -1)
        whole = struct.pack(">i", len(frame)) + frame
        for n in range(len(whole)):
            with Wire(b.port) as w:
                w.send(whole[:n])
        served(b)


def test_short_bodies():
    """a body that ends before its message does closes the connection"""
    with Broker() as b:
        for n in range(1, 8):
            with Wire(b.port) as w:
                w.request(METADATA, 4, 1, b"\x00\x00\x00\x01\x00\x03abc\x01"[:n])
                assert w.closed(), n
        served(b)


def test_lying_counts():
    """counts larger than the frame are refused before memory is taken"""
    with Broker() as b:
        before = b.rss_anon_kb()
        for count in (2147483647, 100000000, -2):
            with Wire(b.port) as w:
                w.request(METADATA, 1, 1, struct.pack(">i", count))
                assert w.closed(), count
        assert b.rss_anon_kb() - before < 4096
        served(b)


def test_unknown_apis():
    """unknown keys and versions: closed, and ApiVersions answers how it is asked (KIP-511)"""
    with Broker() as b:
        for key, version in ((999, 0), (-5, 0), (METADATA, 99), (PRODUCE, 1)):
            with Wire(b.port) as w:
                w.request(key, version, 1)
                assert w.closed(), (key, version)
        with open(b.log) as f:  # one line each
            assert f.read().count(" WARN ") == 4
        with Wire(b.port) as w:
            w.request(API_VERSIONS, 77, 3, b"\x00")  # its header has tagged fields
            answer = w.response()
            assert struct.unpack(">ih", answer[:6]) == (3, 35)
            # one range: which versions of ApiVersions itself there are
            assert struct.unpack(">ihhh", answer[6:16]) == (1, API_VERSIONS, 0, 4)
        served(b)


def test_batches():
    """wrong CRC, magic, counts and codecs are answered with Kafka's codes, nothing is stored"""
    with Broker() as b:
        assert create(b, b"t") == 0
        cases = [
            (batch(crc_xor=1), {2}),
            (batch(magic=3), {2, 76, 87, 43, 35}),
            (batch(count=1000000), {2, 87}),
            (batch()[:40], {2, 87}),
            (batch() + batch(), {87, 2}),
            (b"", {2, 87}),
            (b"\xff" * 100, {2, 87, 10}),
        ]
        for records, expected in cases:
            with Wire(b.port) as w:
                produce(w, b"t", records)
                error = produce_error(w.response(), b"t")
                assert error in expected, (records[:30], error)
        with Wire(b.port) as w:
            produce(w, b"t", batch())
            answer = w.response()
            assert produce_error(answer, b"t") == 0
            assert produce_offset(answer, b"t") == 0
        served(b)


def test_acks_zero():
    """a failing produce with acks=0 closes the connection: it is the only way to tell"""
    with Broker() as b:
        assert create(b, b"t") == 0
        with Wire(b.port) as w:
            produce(w, b"t", batch(crc_xor=1), acks=0)
            assert w.closed()
        with Wire(b.port) as w:
            produce(w, b"t", batch(), acks=0)
            w.request(API_VERSIONS, 0, 9)
            assert struct.unpack(">i", w.response()[:4])[0] == 9


def test_topic_names():
    """names with / or .. and others that are no names are refused with INVALID_TOPIC"""
    with Broker() as b:
        for name in (b"a/b", b"..", b".", b"", b"a" * 250, "테스트".encode(), b"a b", b"a\0b"):
            assert create(b, name) == 17, name
        assert create(b, b"fine_1.x-y") == 0
        assert create(b, b"fine_1.x-y") == 36
        assert sorted(os.listdir(os.path.join(b.folder, "data")))[-1] == "meta.properties"


def test_silent_reader():
    """a client that never reads its answers does not take memory or others' time"""
    with Broker() as b:
        before = b.rss_anon_kb()
        with Wire(b.port) as w:
            w.socket.setblocking(False)
            frame = struct.pack(">hhih", API_VERSIONS, 0, 1, 0)
            data = (struct.pack(">i", len(frame)) + frame) * 1000
            sent = 0
            try:
                while sent < 200_000_000:
                    sent += w.socket.send(data)
            except BlockingIOError:
                pass
            served(b)
            assert b.rss_anon_kb() - before < 32768
        served(b)


def test_slow_frames():
    """hundreds of clients that hold a part of a large frame do not stop the others"""
    with Broker(**{"kdeck_request_memory_bytes": "8388608"}) as b:
        held = [Wire(b.port) for _ in range(200)]
        for w in held:
            w.send(struct.pack(">i", 100000) + b"x" * 50000)
        served(b)
        assert b.rss_anon_kb() < 40000
        for w in held:
            w.close()
        served(b)


def test_large_parts():
    """parts of the largest frames, more than memory is for, leave small requests unhindered"""
    with Broker(**{"kdeck_request_memory_bytes": "16777216"}) as b:
        held = [Wire(b.port) for _ in range(60)]
        for w in held:
            w.send(struct.pack(">i", 100 << 20) + b"x" * 200000)
        for _ in range(3):
            start = time.monotonic()
            served(b)
            assert time.monotonic() - start < 5  # they are closed only after ten seconds
        for w in held:
            w.close()


def test_many_idle():
    """a thousand idle connections cost little"""
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(5000, hard - 100)
    if count < 1000:
        raise kdecktest.Skip("the limit of open files is %d" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Broker() as b:
        before = b.rss_anon_kb()
        held = [Wire(b.port) for _ in range(count)]
        served(b)
        assert b.rss_anon_kb() - before < 5 * count, b.rss_anon_kb() - before
        for w in held:
            w.close()


def test_folder_in_use():
    """a second broker on the same folder says so and changes nothing"""
    with Broker() as b:
        done = run([os.path.join(BUILD, "kdeck-broker"), "--override",
                    "log.dirs=" + os.path.join(b.folder, "data"), "--override",
                    "listeners=PLAINTEXT://127.0.0.1:0"], check=False)
        assert done.returncode == 1
        assert b.folder.encode() in done.stderr and len(done.stderr.splitlines()) <= 2, done.stderr


def test_other_node():
    """the folder of another node is refused by name"""
    with Broker() as b:
        assert b.stop() == 0
        done = run([os.path.join(BUILD, "kdeck-broker"), "--override",
                    "log.dirs=" + os.path.join(b.folder, "data"), "--override", "node.id=5",
                    "--override", "listeners=PLAINTEXT://127.0.0.1:0"], check=False)
        assert done.returncode == 1 and b"node" in done.stderr, done.stderr


def test_port_in_use():
    """a port in use is named, and no folder is made"""
    with Broker() as b, tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        done = run([os.path.join(BUILD, "kdeck-broker"), "--override", "log.dirs=" + data,
                    "--override", "listeners=PLAINTEXT://" + b.address], check=False)
        assert done.returncode == 1 and b.address.encode() in done.stderr, done.stderr
        assert not os.path.exists(data)


def test_bad_settings():
    """wrong settings name the key, what was expected, and the nearest known name"""
    broker = os.path.join(BUILD, "kdeck-broker")
    cases = [
        (["--override", "num.partition=3"], b"num.partitions"),
        (["--override", "num.partitions=many"], b"num.partitions"),
        (["--override", "listeners=9092"], b"listeners"),
        (["--override", "listeners=PLAINTEXT://127.0.0.1:16001,CONTROLLER://127.0.0.1:16001"],
         b"listeners: two listeners on port 16001"),
        (["--override", "listeners=PLAINTEXT://:16001,CONTROLLER://0.0.0.0:16001"],
         b"listeners: two listeners on port 16001"),
        (["--override", "kdeck.http.listener=127.0.0.1:9092"],
         b"kdeck.http.listener: two listeners on port 9092"),
        (["--override", "log.dirs"], b"log.dirs"),
        (["/nonexistent/server.properties"], b"/nonexistent/server.properties"),
    ]
    for args, word in cases:
        done = run([broker, "--check-config"] + args, check=False)
        assert done.returncode in (1, 2) and word in done.stderr, (args, done.stderr)
        assert done.stdout == b""
    done = run([broker, "--nonsense"], check=False)
    assert done.returncode == 2 and b"--nonsense" in done.stderr


kdecktest.main()
