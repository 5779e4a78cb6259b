"""What the tests with Apache Kafka share: its tools as child processes, a broker of it, reading of
what DumpLogSegments prints.

KAFKA_JARS (or KAFKA_LIBS) names the folder with Kafka's jars. Without it, or without java, a test
program prints one skip and ends.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../integration"))

import kdecktest  # noqa: E402
from kdecktest import run, until  # noqa: E402

JARS = os.environ.get("KAFKA_JARS") or os.environ.get("KAFKA_LIBS") or ""
TOOLS = "org.apache.kafka.tools."
CONSUMER = TOOLS + "consumer.ConsoleConsumer"
GROUPS = TOOLS + "consumer.group.ConsumerGroupCommand"
CONFIGS = "kafka.admin.ConfigCommand"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
# A quick start matters more here than the speed of long runs.
JVM = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


def skip_all(why):
    print("1..0 # SKIP " + why)
    raise SystemExit(0)


def need_kafka():
    """Ends the program with a skip when Kafka's tools cannot run here."""
    if not JARS:
        skip_all("KAFKA_JARS does not name the folder with Kafka's jars")
    if not glob.glob(os.path.join(JARS, "kafka-tools-*.jar")):
        skip_all("no kafka-tools jar in " + JARS)
    if not kdecktest.have("java"):
        skip_all("java is not installed")


def need_compiler():
    """Skips a test whose program is Java source: a JRE runs classes only."""
    done = run(["java", "--list-modules"], check=False)
    if b"jdk.compiler" not in done.stdout:
        raise kdecktest.Skip("java is a runtime without the compiler: a JDK is needed")


def command(program, *args):
    if "." not in program:
        program = TOOLS + program
    return JVM + ["-cp", os.path.join(JARS, "*"), program, *args]


def java(program, *args, stdin=None, check=True):
    """One run of a tool; its result with text in stdout and stderr."""
    done = run(command(program, *args), stdin=stdin, check=check)
    done.stdout = done.stdout.decode(errors="replace")
    done.stderr = done.stderr.decode(errors="replace")
    return done


def tool(broker, program, *args, stdin=None):
    """The standard output of a tool that must succeed."""
    return java(program, "--bootstrap-server", broker.address, *args, stdin=stdin).stdout


def refused(broker, program, *args):
    """Everything a tool says that must fail."""
    done = java(program, "--bootstrap-server", broker.address, *args, check=False)
    assert done.returncode != 0, "%s %s succeeded: %s" % (program, args, done.stdout)
    return done.stdout + done.stderr


class Consumer(kdecktest.Speaker):
    """A VerifiableConsumer of the topic t; the partitions it holds, by what it says of rebalances."""

    def __init__(self, broker, group, *args):
        self.held, self.read = set(), 0
        super().__init__(command("VerifiableConsumer", "--bootstrap-server", broker.address,
                                 "--topic", "t", "--group-id", group, "--reset-policy", "earliest",
                                 *args))

    def hear(self, said):
        touched = {p["partition"] for p in said.get("partitions", []) if isinstance(p, dict)}
        if said["name"] == "partitions_assigned":
            self.held |= touched
        elif said["name"] == "partitions_revoked":
            self.held -= touched
        elif said["name"] == "records_consumed":
            self.read += said["count"]


# ---- segments on the disk ------------------------------------------------------------------------

COMPLAINTS = re.compile(r"exception|mismatch|not found|out of order|corrupt|isvalid: false|"
                        r"could not|failed|trailing|invalid bytes|non-consecutive", re.I)
# Said of the first record of each file that does not begin at 0, in Kafka's own logs as well.
FIRST_OF_FILE = re.compile(r"Non-consecutive offsets in .*\n  -1 is followed by \d+\n(?!  )")
BATCH = re.compile(r"^baseOffset: (\d+) lastOffset: (\d+) count: (\d+) .*compresscodec: (\w+) ",
                   re.M)


def files(folder, pattern):
    return sorted(glob.glob(os.path.join(folder, pattern)))


def dump(paths, *args):
    """What DumpLogSegments prints of these files; fails when it complains."""
    assert paths, "no files to dump"
    done = java("DumpLogSegments", "--files", ",".join(paths), *args)
    text = done.stdout + FIRST_OF_FILE.sub("", done.stderr)
    bad = [line for line in text.splitlines() if COMPLAINTS.search(line)]
    assert not bad, "\n".join(bad[:10])
    return text


def dump_partition(folder, idempotent=True):
    """Reads every file of a partition with Kafka's code; offsets without a gap, each record read.
    Returns (number of records, set of codecs, number of segments)."""
    logs = files(folder, "*.log")
    text = dump(logs, "--deep-iteration")
    expected = int(os.path.basename(logs[0])[:20])
    first, codecs = expected, set()
    for base, last, count, codec in BATCH.findall(text):
        assert int(base) == expected, "offset %s after %d" % (base, expected)
        assert int(count) == int(last) - int(base) + 1, (base, last, count)
        expected = int(last) + 1
        codecs.add(codec.lower())
    offsets = [int(o) for o in re.findall(r"^\| offset: (\d+) ", text, re.M)]
    assert offsets == list(range(first, expected)), "records and batches differ"
    dump(files(folder, "*.index"))
    dump(files(folder, "*.index"), "--index-sanity-check")
    dump(files(folder, "*.timeindex"))
    snapshots = files(folder, "*.snapshot")
    if snapshots:
        assert ("producerId:" in dump(snapshots)) == idempotent
    return expected - first, codecs, len(logs)


def dump_metadata(data):
    """The records of the cluster's metadata log as Kafka's decoder prints them."""
    logs = files(os.path.join(data, "__cluster_metadata-0"), "*.log")
    return dump(logs, "--cluster-metadata-decoder")


# ---- a broker of Apache Kafka --------------------------------------------------------------------

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%(controller)d
listeners=PLAINTEXT://127.0.0.1:%(port)d,CONTROLLER://127.0.0.1:%(controller)d
controller.listener.names=CONTROLLER
log.dirs=%(folder)s/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def free_ports(n):
    import socket
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Kafka:
    """Apache Kafka, one node, controller and broker, in a folder that goes away with it; overrides
    are settings of its own."""

    def __init__(self, **overrides):
        self.folder = tempfile.mkdtemp(prefix="kdeck-kafka-")
        self.port, controller = free_ports(2)
        settings = os.path.join(self.folder, "server.properties")
        self.log = os.path.join(self.folder, "server.log")
        with open(settings, "w") as f:
            f.write(SETTINGS % {"port": self.port, "controller": controller,
                                "folder": self.folder})
            f.writelines("%s=%s\n" % pair for pair in overrides.items())
        cluster = java("kafka.tools.StorageTool", "random-uuid").stdout.strip().splitlines()[-1]
        java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", settings)
        args = command("kafka.Kafka", settings)
        args.insert(1, "-Xmx512m")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(args, stdout=log, stderr=log)
        try:
            until("Kafka serves", self.serves)
        except BaseException:
            self.close()
            raise

    def serves(self):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise AssertionError("Kafka ended: " + f.read()[-2000:])
        try:
            with kdecktest.Wire(self.port) as w:
                w.request(3, 0, 1, b"\0\0\0\0")
                # correlation, number of brokers: it serves once it lists itself
                return w.response()[4:8] == b"\0\0\0\1"
        except OSError:
            return False
        except EOFError:
            return False

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()
