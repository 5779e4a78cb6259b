"""kdeck up, status and down: clusters of several brokers on this machine, made of nothing or of the
files of Kafka's old quick start, ended whole, taken up in part, and everything that cannot be."""
import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile

import kdecktest
from kdeckcli import DONE, KDECK, NO, USAGE, Said, call
from kdeckcluster import free_ports
from kdecktest import BUILD


def place(name):
    return os.path.join(folder, name)


def row_of_ports(n):
    """The first of n ports in a row that nobody listens on, nor on those that follow from them."""
    while True:
        first, = free_ports(1)
        try:
            with contextlib.ExitStack() as held:
                for port in range(first, first + n):
                    for above in 0, 10000, 20000:
                        held.enter_context(socket.create_server(("127.0.0.1", port + above)))
            return first
        except OSError:
            continue


def state(where):
    said = call("status", "--dir", where, "--json")
    assert said.code == DONE, said
    return json.loads(said.out)


def states(where):
    return {b["node.id"]: b["state"] for b in state(where)}


def bootstrap(said):
    assert said.code == DONE, said
    first, *rest = said.out.splitlines()
    for line in rest:
        assert re.fullmatch(r"http node\.id=\d+ http://127\.0\.0\.1:\d+", line), said
    return re.fullmatch(r"bootstrap ((127\.0\.0\.1:[1-9]\d*,?)+)", first).group(1)


@contextlib.contextmanager
def cluster(where, *args, err=""):
    """kdeck up …; gives its bootstrap addresses; down at the end."""
    said = call("up", "--dir", where, *args)
    try:
        assert said.code == DONE and re.fullmatch(err, said.err), said
        yield bootstrap(said)
    finally:
        done = call("down", "--dir", where)
    assert done.code == DONE and not done.err and not done.out, done
    assert set(states(where).values()) == {"stopped"}, states(where)


def settings(where, node):
    with open(os.path.join(where, "broker-%d" % node, "server.properties")) as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f if not line.startswith("#"))


def file(name, *lines):
    path = place(name)
    with open(path, "w") as f:
        f.write("".join(line + "\n" for line in lines))
    return path


def old_files(name, first, **more):
    """server0.properties to server2.properties as Kafka's quick start had them."""
    os.mkdir(place(name))
    paths = []
    for i in range(3):
        values = {"broker.id": i, "port": first + i, "log.dirs": place("%s/logs-%d" % (name, i)),
                  "zookeeper.connect": "localhost:2181", "num.network.threads": 3}
        values.update({k.replace("_", "."): v(i) for k, v in more.items()})
        paths.append(file("%s/server%d.properties" % (name, i),
                          *("%s=%s" % pair for pair in values.items() if pair[1] is not None)))
    return paths


def refused(where, *args, err, code=NO):
    """up must fail with such an error, and leave nothing behind."""
    before = os.path.exists(where)
    said = call("up", "--dir", where, *args)
    assert said.code == code and not said.out, said
    assert re.search(err, said.err), (err, said)
    assert os.path.exists(where) == before, "something was written"


# ---- one after the other ------------------------------------------------------------------------

def test_one():
    """a cluster of one: up, up again, status, down; a pid file is no proof of who runs"""
    where = place("a cluster")
    for name in "status", "down":
        said = call(name, "--dir", where)
        assert said.code == NO and "no cluster in " + where in said.err, said
    with cluster(where, "--port", "0", "--brokers", "1") as address:
        assert call("topics", "-b", address, "--list").code == DONE
        again = call("up", "--dir", "a cluster", cwd=folder)
        assert bootstrap(again) == address and not again.err, again
        one, = state(where)
        assert one["node.id"] == 1 and one["state"] == "running", one
        assert one["listeners"] == "PLAINTEXT://" + address, one
        # Nobody but the broker with the lock is ended, whatever the file says.
        pid = os.path.join(where, "broker-1", "pid")
        with open(pid, "w") as f:
            f.write("%d\n" % os.getpid())
        said = call("down", "--dir", where)
        assert said.code == NO and "end it by hand" in said.err, said
        with open(pid, "w") as f:
            f.write("%d\n" % one["pid"])
        lines = call("status", "--dir", where).out.splitlines()
        assert lines[0].split() == ["NODE.ID", "PID", "STATE", "LISTENERS", "DIR"], lines
        assert lines[1].split()[:3] == ["1", str(one["pid"]), "running"], lines
    assert call("down", "--dir", where).code == DONE


def test_three():
    """three brokers: addresses in a row, one quorum; the killed one is started with what it had"""
    where, port = place("three"), row_of_ports(3)
    with cluster(where, "--brokers", "3", "--port", str(port)) as address:
        assert address == ",".join("127.0.0.1:%d" % (port + i) for i in range(3))
        voters = {settings(where, i)["controller.quorum.voters"] for i in (1, 2, 3)}
        assert voters == {",".join("%d@127.0.0.1:%d" % (i + 1, port + 20000 + i)
                                   for i in range(3))}, voters
        said = call("topics", "-b", address, "--create", "--topic", "t", "--partitions", "3",
                    "--replication-factor", "3")
        assert said.code == DONE, said
        before = {b["node.id"]: b for b in state(where)}
        os.kill(before[2]["pid"], signal.SIGKILL)
        kdecktest.until("broker 2 is seen to be gone", lambda: states(where)[2] == "stopped")
        assert states(where) == {1: "running", 2: "stopped", 3: "running"}
        assert state(where)[1]["pid"] is None
        said = call("produce", "-b", address, "--topic", "t", "--count", "100",
                    "--request-required-acks", "all")
        assert said.code == DONE, said
        said = call("up", "--dir", where)
        assert bootstrap(said) == address and not said.err, said
        assert [b["http"] for b in state(where)] == [line.split()[-1]
                                                     for line in said.out.splitlines()[1:]], said
        said = call("up", "--dir", where, "--json")
        assert said.code == DONE and json.loads(said.out) == state(where), said
        kdecktest.until("broker 2 is in sync again", lambda: call(
            "topics", "-b", address, "--describe", "--under-replicated-partitions").out == "")
        after = {b["node.id"]: b for b in state(where)}
        assert [after[i]["pid"] == before[i]["pid"] for i in (1, 2, 3)] == [True, False, True]
        assert after[2]["listeners"] == before[2]["listeners"]
        os.kill(before[1]["pid"], signal.SIGSTOP)
        # a signal is there when the process has next run
        kdecktest.until("broker 1 is held up", lambda: states(where)[1] == "paused")
        assert states(where) == {1: "paused", 2: "running", 3: "running"}
        os.kill(before[1]["pid"], signal.SIGCONT)
        kdecktest.until("broker 1 goes on", lambda: states(where)[1] == "running")


def test_two_of_three_gone():
    """a page is printed of what is left, and says what nobody leads any more and why"""
    where, port = place("one of three"), row_of_ports(3)
    with cluster(where, "--port", str(port)) as address:
        said = call("topics", "-b", address, "--create", "--topic", "t", "--partitions", "6")
        assert said.code == DONE, said
        for b in state(where)[1:]:
            os.kill(b["pid"], signal.SIGKILL)
        kdecktest.until("two are gone",
                        lambda: list(states(where).values()) == ["running", "stopped", "stopped"])
        said = call("snapshot", "-b", address)
        assert said.code == DONE and re.search(
            r"topic t: 4 of 6 partitions led by "
            r"(broker 2, which .*, and broker 3, which |brokers 2, 3, which do not answer)",
            said.out), said
        said = call("snapshot", "-b", address, "--json")
        assert said.code == DONE and json.loads(said.out)["offline"] == 4, said
        assert call("up", "--dir", where).code == DONE
        kdecktest.until("all is well again", lambda: "no problems" in call(
            "snapshot", "-b", address).out)


def test_paused_is_stopped():
    """down ends a broker that is paused, in order"""
    where = place("paused")
    with cluster(where, "--brokers", "1", "--port", "0"):
        pid = state(where)[0]["pid"]
        os.kill(pid, signal.SIGSTOP)
        kdecktest.until("broker 1 is held up", lambda: states(where) == {1: "paused"})
        said = call("up", "--dir", where)
        assert said.code == DONE and "paused: kill -CONT %d " % pid in said.err, said
    with open(os.path.join(where, "broker-1", "broker.log")) as f:
        assert "stopping" in f.read()


def test_grows():
    """up with more brokers than there are adds some, which have no vote; fewer changes nothing"""
    where, port = place("grows"), row_of_ports(3)
    with cluster(where, "--brokers", "1", "--port", str(port)):
        said = call("up", "--dir", where, "--brokers", "3")
        assert bootstrap(said) == ",".join("127.0.0.1:%d" % (port + i) for i in range(3)), said
        assert states(where) == {1: "running", 2: "running", 3: "running"}
        assert settings(where, 3)["process.roles"] == "broker"
        assert settings(where, 3)["controller.quorum.voters"] == \
            settings(where, 1)["controller.quorum.voters"]
        said = call("up", "--dir", where, "--brokers", "2", "--port", "9092")
        assert said.code == DONE and "has 3 brokers, and keeps them" in said.err, said
        assert "keeps the ports it has" in said.err, said


def test_two_at_once():
    """of ups at once one starts the brokers and the others find them; down waits for an up"""
    where = place("at-once")
    command = [KDECK, "up", "--dir", where, "--brokers", "3", "--port", "0"]
    # and once more, of a cluster that is there
    for keep in 2, 3:
        ups = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for _ in range(3)]
        said = []
        for up in ups:
            out, err = up.communicate(timeout=2 * kdecktest.DEADLINE)
            said.append((up.returncode, out.decode(), err.decode()))
        assert {code for code, _, _ in said} == {DONE} and len({out for _, out, _ in said}) == 1, said
        assert sum("keeps the ports it has" in err for _, _, err in said) == keep, said
        now = state(where)
        assert [b["state"] for b in now] == ["running"] * 3 and all(b["pid"] for b in now), now
        done = call("down", "--dir", where)
        assert done.code == DONE and not done.err, done
        assert set(states(where).values()) == {"stopped"}
    # down waits for the up that is at it
    up = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    kdecktest.until("one broker runs", lambda: "running" in states(where).values())
    done = call("down", "--dir", where)
    assert up.wait(kdecktest.DEADLINE) == DONE, up.stderr.read()
    up.stderr.close()
    assert done.code == DONE and set(states(where).values()) == {"stopped"}, done


def test_held():
    """who waits says so; a folder without a cluster stays as it was"""
    where = place("held")
    os.mkdir(where)
    with open(os.path.join(where, "up.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        down = subprocess.Popen([KDECK, "down", "--dir", where], stdin=subprocess.DEVNULL,
                                stderr=subprocess.PIPE)
        assert b"waiting for it" in down.stderr.readline()
    assert b"no cluster in" in down.communicate(timeout=kdecktest.DEADLINE)[1]
    assert down.returncode == NO and os.listdir(where) == []
    assert call("up", "--dir", where, place("no-such-file")).code == NO
    assert os.listdir(where) == []


# ---- files ---------------------------------------------------------------------------------------

def test_old_quick_start():
    """server0.properties to server2.properties with one zookeeper.connect make one cluster"""
    where, port = place("old"), row_of_ports(3)
    files = old_files("old-files", port)
    changed = r"kdeck up: zookeeper\.connect=localhost:2181 is not used: .* brokers 0, 1 and 2 " \
              r"decide together instead \(controller\.quorum\.voters=0@127\.0\.0\.1:\d+,.*\)\n"
    with cluster(where, *files, err=changed) as address:
        assert address == ",".join("127.0.0.1:%d" % (port + i) for i in range(3))
        assert states(where) == {0: "running", 1: "running", 2: "running"}
        for i in range(3):
            assert os.path.exists(place("old-files/logs-%d/meta.properties" % i))
            assert settings(where, i)["num.network.threads"] == "3"
            assert "zookeeper.connect" not in settings(where, i)
        os.kill(state(where)[1]["pid"], signal.SIGKILL)
        said = call("up", "--dir", where, *files)
        assert bootstrap(said) == address and "not read again" in said.err, said
        other = file("server9.properties", "broker.id=9")
        said = call("up", "--dir", where, other)
        assert said.code == NO and "is broker 9" in said.err, said


def test_files_and_flags():
    """flags beat the files, further brokers go on from them, relative folders stay where they are"""
    where, port = place("flags"), row_of_ports(4)
    files = [file("plain%d.properties" % i, "node.id=%d" % (5 + i),
                  "listeners=PLAINTEXT://:%d" % (1 + i), "log.dir=relative-%d" % i)
             for i in range(2)]
    said = call("up", "--dir", where, "--port", str(port), "--brokers", "3",
                *map(os.path.basename, files), cwd=folder)
    try:
        assert bootstrap(said) == ",".join("127.0.0.1:%d" % (port + i) for i in range(3)), said
        assert states(where) == {5: "running", 6: "running", 7: "running"}
        assert os.path.exists(place("relative-1/meta.properties"))
    finally:
        assert call("down", "--dir", where).code == DONE


# ---- step by step, as it used to be done ----------------------------------------------------------

def script(name, *args, **more):
    """A link named like Kafka's script."""
    return Said(subprocess.run([os.path.join(BUILD, name), *args], stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=kdecktest.DEADLINE, **more))


def holder(data):
    """The process that has the folder's lock open; None."""
    try:
        want = os.stat(os.path.join(data, ".lock"))
    except FileNotFoundError:
        return None
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for fd in os.listdir("/proc/%s/fd" % pid):
                have = os.stat("/proc/%s/fd/%s" % (pid, fd))
                if (have.st_dev, have.st_ino) == (want.st_dev, want.st_ino):
                    return int(pid)
        except OSError:
            continue
    return None


def end(data):
    pid = holder(data)
    if pid:
        os.kill(pid, signal.SIGTERM)
        kdecktest.until("%d has gone" % pid, lambda: holder(data) != pid)


def test_old_way():
    """zookeeper-server-start.sh, then kafka-server-start.sh three times: one cluster"""
    port, zk = row_of_ports(3), free_ports(1)[0]
    files = old_files("old-way", port, zookeeper_connect=lambda i: "localhost:%d/kafka" % zk)
    keeper = file("old-way/zookeeper.properties", "dataDir=" + place("old-way/zookeeper"),
                  "clientPort=%d" % zk, "maxClientCnxns=0", "admin.enableServer=false")
    folders = [place("old-way/logs-%d" % i) for i in range(3)] + [place("old-way/zookeeper")]
    address = "127.0.0.1:%d" % port
    # In the foreground first: it says what it is.
    first = subprocess.Popen([os.path.join(BUILD, "zookeeper-server-start.sh"), keeper],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert first.stdout.readline().startswith(b"ready node.id=3000 ")
    finally:
        first.terminate()
        said = first.communicate(timeout=kdecktest.DEADLINE)[1].decode()
    assert "ZooKeeper's part is played by a controller now: node 3000" in said, said
    assert first.returncode == 0, said
    try:
        for name, path in [("zookeeper-server-start.sh", keeper)] + [
                ("kafka-server-start.sh", path) for path in files]:
            said = script(name, "-daemon", path)
            assert said.code == DONE and not said.out and not said.err, said
        with open(place("old-way/logs-1.log")) as f:
            assert "server1.properties:4: zookeeper.connect: there is no ZooKeeper" in f.read()
        said = call("topics", "-b", address, "--create", "--topic", "t", "--partitions", "3",
                    "--replication-factor", "3")
        assert said.code == DONE, said
        said = call("produce", "-b", address, "--topic", "t", "--count", "100",
                    "--request-required-acks", "all")
        assert said.code == DONE, said
        end(folders[1])
        assert script("kafka-server-start.sh", "-daemon", files[1]).code == DONE
        said = call("consume", "-b", "127.0.0.1:%d" % (port + 1), "--topic", "t",
                    "--from-beginning", "--max-messages", "100")
        assert said.code == DONE and len(said.out.splitlines()) == 100, said
    finally:
        for data in folders:
            end(data)
    # What cannot be is told at the terminal, also in the background.
    for name in "kafka-server-start.sh", "zookeeper-server-start.sh":
        said = script(name)
        assert said.code == USAGE and "usage: %s [-daemon] FILE" % name in said.err, said
    with socket.create_server(("127.0.0.1", zk)):
        said = script("zookeeper-server-start.sh", "-daemon", keeper)
        assert said.code == NO and "127.0.0.1:%d is in use" % zk in said.err, said
    said = script("zookeeper-server-start.sh", file(
        "ensemble.properties", "clientPort=%d" % zk, "server.1=a:2888:3888", "server.2=b:2888:3888"))
    assert said.code == NO and "controller.quorum.voters=" in said.err, said


def test_background_lets_go():
    """-daemon: a broker that is not ready yet has nothing of its caller's open"""
    data = place("not-ready")
    port, nobody = free_ports(2)
    path = file("not-ready.properties", "node.id=5", "process.roles=broker",
                "listeners=PLAINTEXT://127.0.0.1:%d" % port, "log.dirs=" + data,
                "controller.quorum.voters=9@127.0.0.1:%d" % nobody)
    called = subprocess.Popen([os.path.join(BUILD, "kafka-server-start.sh"), "-daemon", path],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    try:
        kdecktest.until("it holds its folder", lambda: holder(data) not in (None, called.pid))
        ours = {os.fstat(f.fileno()).st_ino for f in (called.stdin, called.stdout)}
        have = {fd: os.stat("/proc/%d/fd/%d" % (holder(data), fd)).st_ino for fd in (0, 1, 2)}
        assert not ours & set(have.values()), (ours, have)
        called.kill()
        said, _ = called.communicate(timeout=kdecktest.DEADLINE)
        assert said == b"" and holder(data), said
    finally:
        called.kill()
        called.wait()
        end(data)


# ---- what cannot be ------------------------------------------------------------------------------

def test_wrong_usage():
    """numbers that cannot be, and fewer brokers than files, are wrong usage"""
    where = place("nothing")
    one, two = [file("f%d" % i, "broker.id=%d" % i) for i in range(2)]
    for args, err in [(["--port", "70000"], "--port 70000"), (["--brokers", "0"], "--brokers 0"),
                      (["--brokers", "many"], "--brokers many"),
                      (["--brokers", "1", one, two], "a file is a broker")]:
        refused(where, *args, err=err, code=USAGE)
    refused(where, "--port", "65535", "--brokers", "3", err="no port is left for broker 2")
    said = call("up", "--dir", "/proc/nowhere", "--port", "0")
    assert said.code == NO and "/proc/nowhere" in said.err, said


def test_things_twice():
    """files, ids, ports and folders that are named twice are told before anything is written"""
    where, port = place("twice"), row_of_ports(3)
    files = old_files("twice-files", port)
    os.symlink(files[0], place("link.properties"))
    refused(where, files[0], files[1], files[0], err="server0.properties is named twice")
    refused(where, files[0], place("link.properties"), err="link.properties is named twice")
    for name, change, err in [
            ("same-id", {"broker_id": lambda i: 7}, "server0.* and .*server1.* are both broker.id=7"),
            ("same-port", {"port": lambda i: port}, "both listen on port %d" % port),
            ("default-port", {"port": lambda i: None}, "both listen on port 9092|in use"),
            ("same-data", {"log_dirs": lambda i: place("x")}, "both keep their data in"),
            ("two-zk", {"zookeeper_connect": lambda i: "zk%d:2181" % i}, "different clusters"),
            ("bad-id", {"broker_id": lambda i: "one"}, "broker.id=one"),
            ("bad-listener", {"listeners": lambda i: "9092"}, "'9092' is no listener"),
            ("half-quorum", {"controller_quorum_voters":
                             lambda i: "0@127.0.0.1:29092" if i == 0 else None}, "in all of the"),
            ("no-controller", {"process_roles": lambda i: "broker"}, "role controller"),
            ("unknown", {"num_partitoins": lambda i: 3}, "num.partitoins.*num.partitions"),
            ("bad-value", {"num_partitions": lambda i: "few"}, "num.partitions=few")]:
        refused(where, *old_files(name, port, **change), err=err)
    refused(where, place("no-such-file"), err="no-such-file: No such file")


def test_taken():
    """a port or a folder that somebody else has is told before anything is written"""
    where, port = place("taken"), row_of_ports(3)
    files = old_files("taken-files", port)
    with socket.create_server(("127.0.0.1", port + 1)):
        refused(where, *files, err=r"server1.*127\.0\.0\.1:%d is in use by another" % (port + 1))
        refused(where, "--brokers", "3", "--port", str(port), err=r"broker 2: .* is in use")
    with socket.create_server(("127.0.0.1", port + 20001)), \
            socket.create_server(("127.0.0.1", port + 10002)), \
            cluster(where, "--brokers", "3", "--port", str(port)):
        voters = settings(where, 1)["controller.quorum.voters"]
        assert voters.startswith("1@127.0.0.1:%d," % (port + 20000)), voters
        assert "2@127.0.0.1:%d," % (port + 20001) not in voters, voters
    other = row_of_ports(3)
    with cluster(place("holder"), files[0], err=".*\n"):
        refused(place("second"), *old_files("second-files", other, log_dirs=lambda i: place(
            "taken-files/logs-%d" % i)), err="logs-0 is in use by a broker")
    refused(place("second"), *old_files("shifted", other, log_dirs=lambda i: place(
        "taken-files/logs-%d" % (i - 1) if i else "elsewhere")), err="belongs to node.id=0")


def test_does_not_start():
    """a broker that ends at its start is told with its own last line; a later try begins anew"""
    where, port = place("fails"), row_of_ports(1)
    blocked = place("a-file")
    with open(blocked, "w"):
        pass
    one = file("blocked.properties", "broker.id=1", "listeners=PLAINTEXT://:%d" % port,
               "log.dirs=%s/data" % blocked)
    said = call("up", "--dir", where, one)
    assert said.code == NO and "broker 1 did not start" in said.err and blocked in said.err, said
    assert call("status", "--dir", where).code == NO
    with cluster(where, "--brokers", "1", "--port", str(port)):
        pass
    with open(os.path.join(where, "broker-1", "server.properties"), "a") as f:
        f.write("no.such.setting=1\n")
    said = call("up", "--dir", where)
    assert said.code == NO and "no.such.setting" in said.err, said
    assert states(where) == {1: "stopped"}


folder = tempfile.mkdtemp(prefix="kdeck-test-")
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    kdecktest.main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
