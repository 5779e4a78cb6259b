"""A data folder on a file system that is full: a small tmpfs of the broker's own."""
import os
import struct
import subprocess

import kdecktest
from kdecktest import Broker, Wire
from rawclient import (batch, create, fetch, produce, produce_error, produce_offset, read_all,
                       record, served)

STORAGE_ERROR = 56
MB = 1 << 20
ENTER = {"user": ["-U", "--preserve-credentials"], "root": []}
UNSHARE = {"user": ["-Urm"], "root": ["-m"]}


class Volume:
    """A tmpfs in a mount namespace that lives as long as this; path is how others see it."""

    def __init__(self, size):
        script = "mount -t tmpfs -o size=%d,nr_inodes=10000 kdeck /mnt && echo up && cat" % size
        for self.how in ("user", "root"):
            self.keeper = subprocess.Popen(
                ["unshare", *UNSHARE[self.how], "sh", "-c", script], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if self.keeper.stdout.readline() == b"up\n":
                break
            self.close()
        else:
            raise kdecktest.Skip("no file system can be mounted here")
        self.path = "/proc/%d/root/mnt" % self.keeper.pid

    def enter(self):
        return ["nsenter", "-t", str(self.keeper.pid), "-m", *ENTER[self.how]]

    def fill(self):
        """Takes every byte that is left."""
        with open(os.path.join(self.path, "ballast"), "ab", buffering=0) as f:
            for size in (MB, 4096, 1):
                try:
                    while True:
                        f.write(b"x" * size)
                except OSError:
                    pass

    def give_back(self):
        os.unlink(os.path.join(self.path, "ballast"))

    def close(self):
        self.keeper.stdin.close()
        self.keeper.wait()
        self.keeper.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class BrokerOn(Broker):
    """A broker whose data lies on a volume."""

    def __init__(self, volume, **settings):
        self.volume = volume
        super().__init__(log_dirs="/mnt/data", **settings)

    def arguments(self):
        return self.volume.enter() + super().arguments()


def need_tools():
    for tool in ("unshare", "nsenter", "mount"):
        if not kdecktest.have(tool):
            raise kdecktest.Skip(tool + " is not installed")


class Ledger:
    """Sends numbered batches; remembers what was acknowledged, and where."""

    def __init__(self, broker, topic):
        self.broker, self.topic = broker, topic
        self.next, self.acked = 0, []

    def send(self, wire, size):
        data = batch(records=record(struct.pack(">q", self.next) * (size // 8)))
        produce(wire, self.topic, data)
        answer = wire.response()
        error = produce_error(answer, self.topic)
        if error == 0:
            self.acked.append((produce_offset(answer, self.topic), self.next))
        self.next += 1
        return error

    def fill(self, sizes=(100000, 4000, 64)):
        with Wire(self.broker.port) as w:
            for size in sizes:
                while (error := self.send(w, size)) == 0:
                    pass
                assert error == STORAGE_ERROR, error

    def check(self):
        """What was acknowledged is there, at its place, and nothing else."""
        found = [(base, struct.unpack(">q", data[-9:-1])[0])
                 for base, data in read_all(self.broker, self.topic)]
        assert found == self.acked, (len(found), len(self.acked))


def one(broker, topic):
    ledger = Ledger(broker, topic)
    with Wire(broker.port) as w:
        assert ledger.send(w, 64) == 0
    return ledger


def test_produce():
    """a full disk: KAFKA_STORAGE_ERROR, nothing of what was refused stays, others are served"""
    need_tools()
    with Volume(12 * MB) as v, BrokerOn(v, log_segment_bytes=1048576) as b:
        assert create(b, b"full") == 0 and create(b, b"other") == 0
        other, full = one(b, b"other"), Ledger(b, b"full")
        with open(os.path.join(v.path, "ballast"), "wb") as f:
            f.write(b"x" * (4 * MB))
        full.fill()
        assert len(full.acked) > 60
        served(b)
        full.check()
        other.check()
        b.kill()  # with the disk full: what lies there is what a crash leaves
        v.give_back()
        b.start()
        full.check()
        other.check()
        with Wire(b.port) as w:
            assert full.send(w, 100000) == 0 and other.send(w, 64) == 0
        full.check()
        other.check()
        assert b.stop() == 0


def test_space_again():
    """once there is space again, writes go on without a restart"""
    need_tools()
    with Volume(8 * MB) as v, BrokerOn(v, log_segment_bytes=1048576) as b:
        assert create(b, b"t") == 0
        ledger = Ledger(b, b"t")
        for _ in range(2):
            v.fill()
            ledger.fill(sizes=(100000, 64))
            v.give_back()
            with Wire(b.port) as w:
                for _ in range(15):
                    assert ledger.send(w, 100000) == 0
            ledger.check()
        assert b.stop() == 0
        b.start()
        ledger.check()


def created(broker, name):
    """Kafka's code, or None where the broker closed the connection."""
    try:
        return create(broker, name)
    except EOFError:
        return None


def test_metadata():
    """a topic that cannot be written down is refused; the metadata log stays whole"""
    need_tools()
    with Volume(8 * MB) as v, BrokerOn(v) as b:
        known = {b"before-%d" % i for i in range(20) if create(b, b"before-%d" % i) == 0}
        assert len(known) == 20
        ledger = one(b, b"before-3")
        v.fill()
        results = {}
        for i in range(200):
            name = b"full-%d" % i
            results[name] = created(b, name)
            if results[name] == STORAGE_ERROR:
                break
        assert STORAGE_ERROR in results.values(), results
        assert set(results.values()) <= {0, STORAGE_ERROR}, results
        served(b)
        ledger.check()
        v.give_back()
        assert create(b, b"after") == 0
        known |= {n for n, code in results.items() if code == 0} | {b"after"}
        after = one(b, b"after")
        for _ in range(2):
            b.kill()
            b.start()
            ledger.check()
            after.check()
            for name in known:
                assert create(b, name) == 36, name
                with Wire(b.port) as w:
                    assert fetch(w, name, 0)[0] == 0, name
        assert b.stop() == 0


def test_start_on_full():
    """a broker that cannot write to its folder says so and ends; later it starts"""
    need_tools()
    with Volume(8 * MB) as v, BrokerOn(v) as b:
        assert create(b, b"t") == 0
        ledger = one(b, b"t")
        b.kill()
        v.fill()
        done = kdecktest.run(b.arguments(), check=False)
        assert done.returncode == 1 and b"No space left" in done.stderr, done.stderr
        assert b"/mnt/data" in done.stderr, done.stderr
        v.give_back()
        b.start()
        ledger.check()


if __name__ == "__main__":
    kdecktest.main()
