"""Answers that clients depend on, byte by byte: what Apache Kafka answers to the same requests."""
import os
import struct
import time

import kdecktest
from kdecktest import Broker, Wire, until
from rawclient import batch, create, produce, produce_error, string

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR = 0, 1, 2, 3, 10
API_VERSIONS, DELETE_TOPICS, DELETE_RECORDS, ALTER_CONFIGS = 18, 20, 21, 33
INIT_PRODUCER_ID, FETCH_V = 22, 11
WAIT_MS = 100
TRANSACTIONAL = 16


def ask(broker, key, version, body, flexible=False):
    """The body of the answer, without its header."""
    with Wire(broker.port) as w:
        w.request(key, version, 7, (b"\0" if flexible else b"") + body)
        answer = w.response()
    assert struct.unpack(">i", answer[:4])[0] == 7
    return answer[5 if flexible else 4:]


def fetch_in_session(broker, partitions, epoch=-1, max_bytes=1 << 20, session=(0, -1),
                     min_bytes=1):
    """Fetch v11 of topic t: [(partition, offset, max bytes)] to the session's id and {partition:
    (error, records)}, or an error."""
    body = struct.pack(">iiiibii", -1, WAIT_MS, min_bytes, max_bytes, 0, *session)
    body += struct.pack(">i", 1) + string(b"t") + struct.pack(">i", len(partitions))
    for index, offset, limit in partitions:
        body += struct.pack(">iiqqi", index, epoch, offset, -1, limit)
    answer = ask(broker, FETCH, FETCH_V, body + struct.pack(">i", 0) + string(b""))
    error, given, topics = struct.unpack(">hii", answer[4:14])
    if error or not topics:
        return given, error
    at, out = 14 + 2 + 1, {}
    for _ in range(struct.unpack(">i", answer[at:at + 4])[0]):
        index, code = struct.unpack(">ih", answer[at + 4:at + 10])
        at += 4 + 6 + 24 + 4 + 4
        size = struct.unpack(">i", answer[at:at + 4])[0]
        out[index] = (code, answer[at + 4:at + 4 + size])
        at += max(size, 0)
    return given, out


def fetch(broker, partitions, **how):
    return fetch_in_session(broker, partitions, **how)[1]


def fill(broker, partition, count=3):
    for _ in range(count):
        with Wire(broker.port) as w:
            body = struct.pack(">hhii", -1, 1, 5000, 1) + string(b"t")
            records = batch()
            body += struct.pack(">iii", 1, partition, len(records)) + records
            w.request(PRODUCE, 3, 1, body)
            assert produce_error(w.response(), b"t") == 0


def create_two(broker):
    body = struct.pack(">i", 1) + string(b"t") + struct.pack(">ihii", 2, 1, 0, 0)
    with Wire(broker.port) as w:
        w.request(19, 2, 1, body + struct.pack(">i?", 5000, False))
        w.response()


def test_versions():
    """Produce is told from version 0 on, of which old librdkafka makes what it may send"""
    with Broker() as b:
        answer = ask(b, API_VERSIONS, 0, b"")
        count = struct.unpack(">i", answer[2:6])[0]
        ranges = [struct.unpack(">hhh", answer[6 + 6 * i:12 + 6 * i]) for i in range(count)]
        assert (PRODUCE, 0, 11) in ranges and (FETCH, 4, 18) in ranges, ranges


def test_acks():
    """acks are -1, 0 or 1"""
    with Broker() as b:
        assert create(b, b"t") == 0
        for acks, code in ((-1, 0), (1, 0), (2, 21), (-2, 21)):
            with Wire(b.port) as w:
                produce(w, b"t", batch(), acks)
                assert produce_error(w.response(), b"t") == code, acks


def test_fetch_minimum():
    """a fetch waits for its minimum of bytes, or its time"""
    with Broker() as b:
        create_two(b)
        fill(b, 0)
        began = time.monotonic()
        got = fetch(b, [(0, 0, 1 << 20)], min_bytes=1 << 20)
        assert len(got[0][1]) == 3 * len(batch()), got
        # Clocks are coarse; an answer at once takes a hundredth of that.
        assert time.monotonic() - began >= WAIT_MS / 1000 / 2


def test_fetch_limits():
    """a batch that is larger than what is left of a fetch is not sent in part"""
    with Broker() as b:
        create_two(b)
        fill(b, 0)
        fill(b, 1)
        one = len(batch())
        got = fetch(b, [(0, 0, 1), (1, 0, 1)])
        assert len(got[0][1]) == one and got[1] == (0, b""), got
        got = fetch(b, [(0, 0, 1 << 20), (1, 0, 1 << 20)], max_bytes=3 * one + 5)
        assert len(got[0][1]) == 3 * one and got[1] == (0, b""), got
        # The last batch may be cut: it has whole ones before it.
        assert len(fetch(b, [(0, 0, one + 5)])[0][1]) == one + 5


def test_fetch_epochs():
    """another leader epoch than the leader's is told in versions that cannot name the leader"""
    with Broker() as b:
        create_two(b)
        assert fetch(b, [(0, 0, 100)], epoch=9) == {0: (75, b"")}
        assert b.stop() == 0
        b.start()
        assert fetch(b, [(0, 0, 100)], epoch=0) == {0: (74, b"")}


def test_fetch_sessions():
    """a session that was never given out is not found, also by id 0"""
    with Broker() as b:
        create_two(b)
        for session in ((99, 1), (0, 5)):
            assert fetch(b, [(0, 0, 100)], session=session) == 70
        assert fetch(b, [(0, 0, 100)], session=(99, 0)) == {0: (0, b"")}


def test_fetch_session_order():
    """a session's requests come in order; one names what has changed, and nothing else"""
    with Broker() as b:
        create_two(b)
        # For records there is no room: what there is to tell is the high watermark.
        session, got = fetch_in_session(b, [(0, 0, 0), (1, 0, 0)], session=(0, 0))
        assert session > 0 and sorted(got) == [0, 1], got
        assert fetch(b, [], session=(session, 1)) == 0
        for epoch in (1, 3):
            assert fetch(b, [], session=(session, epoch)) == 71, epoch
        fill(b, 0)
        got = fetch(b, [], session=(session, 2))
        assert list(got) == [0] and got[0][0] == 0, got
        assert fetch(b, [], session=(session, 3)) == 0


def test_fetch_quiet():
    """partitions of a session that had nothing to tell are told again when they have"""
    with Broker() as b:
        create_two(b)
        session, got = fetch_in_session(b, [(0, 0, 1 << 20), (1, 0, 1 << 20)], session=(0, 0))
        assert session > 0 and got == {0: (0, b""), 1: (0, b"")}, got
        epoch = iter(range(1, 100))

        def asked(*partitions):
            return fetch(b, partitions, session=(session, next(epoch)))

        assert asked() == 0
        for index in (1, 0):
            assert asked() == 0
            fill(b, index, 1)
            got = asked()
            assert list(got) == [index] and len(got[index][1]) == len(batch()), got
            # Asked from there again it is told again; from its end on it rests.
            assert asked() == got
            assert asked((index, 1, 1 << 20)) == 0
        one_topic = struct.pack(">i", 1) + string(b"t")
        ask(b, DELETE_RECORDS, 1, one_topic + struct.pack(">iiqi", 1, 1, 1, 5000))
        assert asked() == {1: (0, b"")}
        assert asked() == 0
        ask(b, DELETE_TOPICS, 1, one_topic + struct.pack(">i", 5000))
        assert asked() == {0: (3, b""), 1: (3, b"")}


def test_fetch_retention():
    """a session hears of a start that retention has moved, also of a partition at rest"""
    with Broker(log_retention_check_interval_ms="50", log_retention_ms="-1") as b:
        create_two(b)
        fill(b, 0, 10)
        session, got = fetch_in_session(b, [(0, 10, 1 << 20)], session=(0, 0))
        assert session > 0 and got == {0: (0, b"")}, got
        assert fetch(b, [], session=(session, 1)) == 0
        setting = string(b"retention.ms") + string(b"1")
        ask(b, ALTER_CONFIGS, 0, struct.pack(">ib", 1, 2) + string(b"t") +
            struct.pack(">i", 1) + setting + b"\0")
        epoch = iter(range(2, 1000))
        until("the session hears of it", lambda: fetch(
            b, [], session=(session, next(epoch))) == {0: (0, b"")})


def test_fetch_unreadable():
    """a session is told of a partition whose log can be read no more, not left waiting"""
    with Broker() as b:
        create_two(b)
        fill(b, 0)
        # Started again, it does not know by heart where the last batches lie.
        assert b.stop() == 0
        b.start()
        session, got = fetch_in_session(b, [(0, 1, 1 << 20), (1, 0, 1 << 20)], session=(0, 0))
        assert session > 0 and got[0][0] == 0 and got[0][1], got
        os.truncate(os.path.join(b.folder, "data/t-0", "%020d.log" % 0), 0)
        assert fetch(b, [], session=(session, 1)) == {0: (56, b"")}


def test_transactional_batch():
    """a batch of a transaction is refused: nobody could end it, and readers would wait for ever"""
    with Broker() as b:
        assert create(b, b"t") == 0
        records = batch(attributes=TRANSACTIONAL)
        with Wire(b.port) as w:
            produce(w, b"t", records)
            assert produce_error(w.response(), b"t") == 53
        # read_committed: the end of what may be read is still the log's end
        answer = ask(b, LIST_OFFSETS, 2, struct.pack(">ibi", -1, 1, 1) + string(b"t") +
                     struct.pack(">iiq", 1, 0, -1))
        assert struct.unpack(">hqq", answer[-18:]) == (0, -1, 0), answer


def test_list_offsets_versions():
    """the special times of ListOffsets belong to the versions that brought them"""
    with Broker() as b:
        assert create(b, b"t") == 0
        for when, code in ((-1, 0), (-2, 0), (-3, 35), (-4, 35), (-5, 35), (-9, 35)):
            answer = ask(b, LIST_OFFSETS, 1, struct.pack(">ii", -1, 1) + string(b"t") +
                         struct.pack(">iiq", 1, 0, when))
            assert struct.unpack(">h", answer[-18:-16])[0] == code, when


def test_delete_records():
    """DeleteRecords of -1 is up to the high watermark; behind it there is nothing to delete"""
    with Broker() as b:
        create_two(b)
        fill(b, 0)
        for offset, low, code in ((4, -1, 1), (1, 1, 0), (-1, 3, 0), (2, 3, 0), (-2, -1, 1)):
            answer = ask(b, DELETE_RECORDS, 0, struct.pack(">i", 1) + string(b"t") +
                         struct.pack(">iiqi", 1, 0, offset, 5000))
            assert struct.unpack(">qh", answer[-10:]) == (low, code), (offset, answer)


def test_find_coordinator():
    """FindCoordinator answers in every version, and kinds it does not know with an error"""
    with Broker() as b:
        def found(version):
            kind = b"" if version == 0 else b"\0"
            answer = ask(b, FIND_COORDINATOR, version, string(b"g") + kind)
            return answer[0 if version == 0 else 4:]
        # The first question has __consumer_offsets made.
        assert struct.unpack(">h", found(0)[:2])[0] == 15
        until("the group has a coordinator", lambda: found(0)[:2] == b"\0\0")
        for version in (0, 1, 2):
            answer = found(version)
            at = 2 if version == 0 else 4 + max(0, struct.unpack(">h", answer[2:4])[0])
            assert struct.unpack(">hih", answer[:2] + answer[at:at + 6])[:2] == (0, 0), answer
            assert answer.endswith(struct.pack(">i", b.port)), answer
        for version in (4, 5):
            answer = ask(b, FIND_COORDINATOR, version, b"\0\2\2g\0", flexible=True)
            # throttle, one coordinator, key, node, host, port, error
            assert answer[4:7] == b"\2\2g", answer
            assert struct.unpack(">i", answer[7:11])[0] == 0, answer
            # Of transactions there is none.
            answer = ask(b, FIND_COORDINATOR, version, b"\1\2\2g\0", flexible=True)
            assert struct.unpack(">ibih", answer[7:18]) == (-1, 1, -1, 15), answer
        answer = ask(b, FIND_COORDINATOR, 1, string(b"g") + b"\7")
        assert struct.unpack(">h", answer[4:6])[0] == 42


def test_metadata_ids():
    """a topic without a name is answered before version 12, where ids may be asked for"""
    with Broker() as b:
        assert create(b, b"t") == 0
        unknown = b"\7" * 16
        question = b"\2" + unknown + b"\0\0" + b"\0\0\0\0"
        answer = ask(b, METADATA, 10, question, flexible=True)
        # throttle, no brokers, cluster id, controller -1, one topic: INVALID_REQUEST
        at = 5 + answer[5]
        assert answer[4] == 1 and struct.unpack(">ibh", answer[at:at + 7]) == (-1, 2, 42), answer
        answer = ask(b, METADATA, 12, b"\2" + unknown + b"\0\0" + b"\0\0\0", flexible=True)
        assert struct.pack(">h", 100) + b"\0" + unknown in answer, answer


def test_metadata_once():
    """a topic that is asked for twice is answered once; all operations are allowed"""
    with Broker() as b:
        assert create(b, b"t") == 0
        question = struct.pack(">i", 2) + string(b"t") * 2 + b"\0\1\1"
        answer = ask(b, METADATA, 8, question)
        assert answer.count(string(b"t")) == 1, answer
        assert struct.unpack(">i", answer[-4:])[0] == 8096
        assert struct.unpack(">i", answer[-8:-4])[0] == 3576


def test_bytes_behind():
    """bytes behind a request are passed over: some clients send them, and Kafka takes them"""
    with Broker() as b:
        assert create(b, b"t") == 0
        # as librdkafka 2.16 asks for all topics: null, no, no, no tags, and three bytes
        answer = ask(b, METADATA, 13, b"\0\0\0\0\1\0\0", flexible=True)
        assert b"\x02t" in answer, answer


def test_auto_creation():
    """a topic that is being made is unknown until it is there"""
    with Broker() as b:
        def error():
            answer = ask(b, METADATA, 1, struct.pack(">i", 1) + string(b"fresh"))
            at = answer.index(string(b"fresh"))
            return struct.unpack(">h", answer[at - 2:at])[0]
        assert error() == 3
        kdecktest.until("the topic is there", lambda: error() == 0)


def test_producer_ids():
    """an id without an epoch, or an epoch without an id, is no producer"""
    with Broker() as b:
        for pid, epoch, code in ((-1, -1, 0), (5, -1, 42), (-1, 3, 42)):
            answer = ask(b, INIT_PRODUCER_ID, 3, b"\0" + struct.pack(">iqh", 60000, pid, epoch) +
                         b"\0", flexible=True)
            assert struct.unpack(">h", answer[4:6])[0] == code, (pid, epoch)


def test_producer_ids_differ():
    """every producer has an id of its own, also after a restart"""
    given = set()
    with Broker() as b:
        for restarts in range(2):
            for _ in range(3):
                answer = ask(b, INIT_PRODUCER_ID, 3, b"\0" + struct.pack(">iqh", 60000, -1, -1) +
                             b"\0", flexible=True)
                code, pid, epoch = struct.unpack(">hqh", answer[4:16])
                assert (code, epoch) == (0, 0) and pid >= 0 and pid not in given, (pid, given)
                given.add(pid)
            assert b.stop() == 0
            b.start()


if __name__ == "__main__":
    kdecktest.main()
