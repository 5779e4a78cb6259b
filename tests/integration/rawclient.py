"""Requests put together by hand: topics, produce, fetch, record batches, CRC-32C."""
import struct

from kdecktest import Wire

PRODUCE, FETCH, METADATA, API_VERSIONS, CREATE_TOPICS = 0, 1, 3, 18, 19


def served(broker):
    """Somebody else is still answered."""
    with Wire(broker.port) as w:
        w.request(API_VERSIONS, 0, 7)
        assert struct.unpack(">ih", w.response()[:6]) == (7, 0)


def string(text):
    return struct.pack(">h", len(text)) + text


def create(broker, name, version=2):
    body = struct.pack(">i", 1) + string(name) + struct.pack(">ihii", 1, 1, 0, 0)
    with Wire(broker.port) as w:
        w.request(CREATE_TOPICS, version, 1, body + struct.pack(">i?", 5000, False))
        answer = w.response()
    at = 4 + 4 + 4 + 2 + len(name)
    return struct.unpack(">h", answer[at:at + 2])[0]


def produce(wire, topic, records, acks=1, correlation=1, timeout_ms=5000):
    body = struct.pack(">hhii", -1, acks, timeout_ms, 1) + string(topic) + struct.pack(">ii", 1, 0)
    wire.request(PRODUCE, 3, correlation, body + struct.pack(">i", len(records)) + records)


def produce_error(answer, topic):
    at = 4 + 4 + 2 + len(topic) + 4 + 4
    return struct.unpack(">h", answer[at:at + 2])[0]


def produce_offset(answer, topic):
    at = 4 + 4 + 2 + len(topic) + 4 + 4 + 2
    return struct.unpack(">q", answer[at:at + 8])[0]


def fetch(wire, topic, offset, max_bytes=1 << 20):
    """(error, high watermark, records) of partition 0."""
    body = struct.pack(">iiiibi", -1, 0, 1, max_bytes, 0, 1) + string(topic)
    body += struct.pack(">iiqi", 1, 0, offset, max_bytes)
    wire.request(FETCH, 4, 1, body)
    answer = wire.response()
    at = 4 + 4 + 4 + 2 + len(topic) + 4 + 4
    error, high, _, aborted = struct.unpack_from(">hqqi", answer, at)
    at += 22 + 16 * max(aborted, 0)
    size = struct.unpack_from(">i", answer, at)[0]
    return error, high, answer[at + 4:at + 4 + max(size, 0)]


def batches(records):
    """(base offset, bytes) of each whole batch."""
    at = 0
    while at + 12 <= len(records):
        base, size = struct.unpack_from(">qi", records, at)
        if at + 12 + size > len(records):
            return
        yield base, records[at:at + 12 + size]
        at += 12 + size


def read_all(broker, topic):
    """Every batch of partition 0 below the high watermark, in order: (base offset, bytes)."""
    found, offset = [], 0
    with Wire(broker.port) as w:
        while True:
            error, high, records = fetch(w, topic, offset)
            assert error == 0, error
            if offset >= high:
                return found
            more = list(batches(records))
            assert more, (offset, high)
            found += more
            offset = more[-1][0] + 1


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = crc_table()


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xffffffff


def varint(n):
    n = n << 1 ^ n >> 63
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def record(value):
    """The first record of a batch, without key and headers."""
    body = b"\x00\x00\x00\x01" + varint(len(value)) + value + b"\x00"
    return varint(len(body)) + body


def batch(count=1, magic=2, crc_xor=0, records=None, attributes=0):
    """A batch of version 2; wrong where asked."""
    records = record(b"a") if records is None else records
    tail = struct.pack(">hiqqqhii", attributes, count - 1, 1, 1, -1, -1, -1, count) + records
    head = struct.pack(">iBI", -1, magic, crc32c(tail) ^ crc_xor)
    return struct.pack(">qi", 0, len(head) + len(tail)) + head + tail
