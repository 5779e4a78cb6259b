"""What the integration tests share: a broker of its own for each test, TAP output, raw requests.

A test file defines functions test_*, and ends with kdecktest.main(). Each function's docstring is
its line in the TAP output. Nothing here needs a port that is free: the broker takes one.
"""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BUILD = os.environ.get("top_builddir", os.path.join(os.path.dirname(__file__), "../../build"))
DEADLINE = float(os.environ.get("KDECK_TEST_DEADLINE", "60"))
# What a killed broker has reached is not counted: `make coverage` has them stopped.
GENTLE = bool(os.environ.get("KDECK_TEST_GENTLE"))


class Skip(Exception):
    """Raised by a test that cannot run here; its text is the reason."""


def have(program):
    return shutil.which(program) is not None


def until(what, condition, deadline=DEADLINE):
    """Waits for condition() to be true; what says in words what was waited for."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (deadline, what))
        time.sleep(0.01)


def end_all(processes):
    """Of those that still run, however they are."""
    rest = [p for p in processes if p.poll() is None]
    for p in rest if GENTLE else []:
        p.send_signal(signal.SIGCONT)
        p.terminate()
    for p in rest:
        try:
            p.wait(timeout=10 if GENTLE else 0)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


class Broker:
    """A kdeck-broker process on a free port with a data folder of its own."""

    def __init__(self, folder=None, **settings):
        self.folder = folder or tempfile.mkdtemp(prefix="kdeck-test-")
        self.settings = settings
        self.process = None
        self.log = os.path.join(self.folder, "broker.log")
        self.port = 0
        self.http = None  # HOST:PORT, with kdeck_http_listener
        try:
            self.start()
        except Exception:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def arguments(self):
        values = {"listeners": "PLAINTEXT://127.0.0.1:%d" % self.port,
                  "log.dirs": os.path.join(self.folder, "data")}
        values.update({k.replace("_", "."): v for k, v in self.settings.items()})
        args = [os.path.join(BUILD, "kdeck-broker")]
        for key, value in values.items():
            args += ["--override", "%s=%s" % (key, value)]
        return args

    def start(self):
        # Memory is measured: what a sanitizer keeps after free() is not the broker's.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        environment = dict(os.environ, ASAN_OPTIONS=options.lstrip(":"))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.arguments(), stdout=subprocess.PIPE, stderr=log,
                                            env=environment)
        line = self.process.stdout.readline().decode()
        if not line.startswith("ready "):
            self.process.wait()
            raise AssertionError("broker not ready: " + self.tail())
        said = dict(word.split("=", 1) for word in line.split()[1:])
        self.port = int(said["listeners"].rsplit(":", 1)[1])
        self.http = said.get("http")

    def tail(self):
        with open(self.log, errors="replace") as f:
            return f.read()[-2000:]

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=DEADLINE)
        self.process.stdout.close()
        return code

    def rss_anon_kb(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
        raise AssertionError("no RssAnon")

    def close(self):
        end_all([self.process])
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class Speaker:
    """A child process that says what happens in lines of JSON; hear(said) takes each of them."""

    def __init__(self, args):
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            self.hear(json.loads(line))

    def end(self, kill=False):
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()


def run(args, stdin=None, check=True, timeout=DEADLINE):
    """A program's result; fails with its output when it exits non-zero."""
    done = subprocess.run(args, input=stdin, capture_output=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError("%s: exit %d\n%s%s" % (
            args, done.returncode, done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace")))
    return done


def kill_under_load(broker, partitions, rounds):
    """kill -9 and a new start in the middle of load, so many times; then every record that was
    acknowledged is read once and in order. How many there are."""
    load = os.path.join(BUILD, "tests/integration/ackload")
    where = [broker.address, "t", str(partitions)]
    writer = subprocess.Popen([load, "write", *where], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    try:
        # The writer says "N" for each thousand acknowledged: kills come in the middle of load.
        for _ in range(rounds):
            assert writer.stdout.readline(), "the writer ended"
            broker.kill()
            broker.start()
            # What was queued in the pipe is from before the kill: wait for news.
            for _ in range(3):
                assert writer.stdout.readline(), "the writer ended"
        writer.stdin.close()
        rest = writer.stdout.read()
        assert writer.wait(timeout=120) == 0, rest[-300:]
    finally:
        if writer.poll() is None:
            writer.kill()
            writer.wait()
    acked = int(rest.split()[-1])
    done = run([load, "read", *where, str(acked)], timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return acked


class Wire:
    """A raw connection: requests are put together by hand."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)

    def send(self, data):
        self.socket.sendall(data)

    def request(self, key, version, correlation, body=b"", client=b"test"):
        head = struct.pack(">hhih", key, version, correlation, len(client)) + client
        frame = head + body
        self.send(struct.pack(">i", len(frame)) + frame)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise EOFError("closed after %d of %d bytes" % (len(data), n))
            data += more
        return data

    def response(self):
        size = struct.unpack(">i", self.exactly(4))[0]
        return self.exactly(size)

    def closed(self):
        """True when the broker closes the connection without another byte."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


def main():
    """All tests of the file, or those that the command line names."""
    module = sys.modules["__main__"]
    tests = [(n, f) for n, f in sorted(vars(module).items())
             if n.startswith("test_") and (not sys.argv[1:] or n in sys.argv[1:])]
    assert tests, "no such tests: %s" % sys.argv[1:]
    print("1..%d" % len(tests))
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        title = (function.__doc__ or name).strip().splitlines()[0]
        try:
            function()
            print("ok %d - %s" % (number, title), flush=True)
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (number, title, why), flush=True)
        except Exception:
            failed += 1
            print("not ok %d - %s" % (number, title), flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
    sys.exit(1 if failed else 0)
