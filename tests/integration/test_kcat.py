"""kcat (librdkafka) with unchanged settings: list, produce, consume, every compression."""
import glob
import json
import os
import struct

import kdecktest
from kdecktest import Broker, run
from rawclient import create

if not kdecktest.have("kcat"):
    print("1..0 # SKIP kcat is not installed")
    raise SystemExit(0)


def kcat(broker, *args, stdin=None):
    return run(["kcat", "-b", broker.address, *args], stdin=stdin).stdout


def test_list():
    """a fresh broker lists itself and no topics"""
    with Broker() as b:
        answer = json.loads(kcat(b, "-L", "-J"))
        assert answer["brokers"] == [{"id": 0, "name": b.address}], answer
        assert answer["topics"] == []


def test_produce_consume():
    """records come back with key, offset and order"""
    with Broker() as b:
        kcat(b, "-P", "-t", "t", "-K:", stdin=b"a:1\nb:2\nc:3\n")
        got = kcat(b, "-C", "-t", "t", "-o", "beginning", "-e", "-q", "-f", "%p %o %k %s\n")
        assert got == b"0 0 a 1\n0 1 b 2\n0 2 c 3\n", got


def test_null_and_headers():
    """null values, empty values and headers survive"""
    with Broker() as b:
        kcat(b, "-P", "-t", "t", "-K:", "-Z", "-H", "h=v", stdin="열쇠:\n".encode())
        got = kcat(b, "-C", "-t", "t", "-o", "beginning", "-e", "-q", "-f", "%k %S %h\n")
        assert got == "열쇠 -1 h=v\n".encode(), got


def codecs_on_disk(broker, topic):
    """The compression bits of all batches in the topic's log."""
    path = glob.glob(os.path.join(broker.folder, "data", topic + "-0", "*.log"))[0]
    with open(path, "rb") as f:
        data = f.read()
    codecs, at = set(), 0
    while at < len(data):
        codecs.add(data[at + 22] & 7)
        at += 12 + struct.unpack(">i", data[at + 8:at + 12])[0]
    return codecs


def test_compression():
    """each compression is stored as produced and read back"""
    text = b"".join(b"line %d of a text that repeats itself\n" % i for i in range(1000))
    with Broker() as b:
        for number, codec in enumerate(["none", "gzip", "snappy", "lz4", "zstd"]):
            assert create(b, codec.encode()) == 0
            kcat(b, "-P", "-t", codec, "-z", codec, stdin=text)
            got = kcat(b, "-C", "-t", codec, "-o", "beginning", "-e", "-q")
            assert got == text, codec
            # A batch of one record that would not get smaller is sent as it is.
            found = codecs_on_disk(b, codec)
            assert number in found and found <= {0, number}, (codec, found)


def test_large_records():
    """a record near the limit passes, one above it is refused by name"""
    with Broker() as b:
        big = b"x" * 900000
        kcat(b, "-P", "-t", "t", "-D", "\x01", stdin=big)
        got = kcat(b, "-C", "-t", "t", "-o", "beginning", "-e", "-q", "-D", "")
        assert got == big
        done = run(["kcat", "-b", b.address, "-P", "-t", "t", "-D", "\x01", "-X",
                    "message.max.bytes=3000000"], stdin=b"x" * 2000000, check=False)
        assert b"large" in done.stderr.lower(), done.stderr


def test_offsets_by_time():
    """offsets are found by timestamp; before the first, after the last"""
    with Broker() as b:
        kcat(b, "-P", "-t", "t", stdin=b"1\n2\n3\n")
        assert kcat(b, "-Q", "-t", "t:0:0") == b"t [0] offset 0\n"
        assert kcat(b, "-Q", "-t", "t:0:-1") == b"t [0] offset 3\n"
        assert kcat(b, "-Q", "-t", "t:0:-2") == b"t [0] offset 0\n"
        assert kcat(b, "-Q", "-t", "t:0:99999999999999") == b"t [0] offset -1\n"


kdecktest.main()
