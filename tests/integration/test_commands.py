"""kdeck's commands on a running broker: output, exit status, pipes, signals, wrong arguments."""
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import kdecktest
from kdeckcli import DONE, KDECK, NO, USAGE, Said, call
from kdecktest import BUILD, Broker, until


def kdeck(name, *args, code=DONE, err=None, **more):
    """A command on the broker that must end with that status; its standard output."""
    said = call(name, "-b", broker.address, *args, **more)
    assert said.code == code, (name, args, said)
    if err is not None:
        assert re.search(err, said.err), (err, said)
    elif code == DONE and name not in ("consume",):
        assert not said.err, said
    return said.out


def refused(name, *args, err, **more):
    assert kdeck(name, *args, code=NO, err=err, **more) == "", "data beside an error"


def wrong(name, *args, err, **more):
    out = kdeck(name, *args, code=USAGE, err=err, **more)
    assert out == "", out


def topic(name, partitions=1, *more):
    assert kdeck("topics", "--create", "--topic", name, "--partitions", str(partitions),
                 *more).endswith("Created topic %s.\n" % name)


def file(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


# ---- topics --------------------------------------------------------------------------------------

def test_topics_created():
    """topics are created, with settings, by assignment, twice or not at all"""
    topic("made", 2, "--config", "retention.ms=5000", "--config", "segment.bytes=2000000")
    create = ["--create", "--topic", "made"]
    refused("topics", *create, err="topic made: TOPIC_ALREADY_EXISTS")
    assert kdeck("topics", *create, "--if-not-exists") == ""
    out = kdeck("topics", "--create", "--topic", "made.by.hand", "--replica-assignment", "0,0,0")
    assert out.startswith("WARNING: ") and out.endswith("Created topic made.by.hand.\n"), out
    new = ["--create", "--topic", "other"]
    refused("topics", *new, "--config", "retention.ms=x", err="INVALID_CONFIG")
    refused("topics", *new, "--replication-factor", "3", err="INVALID_REPLICATION_FACTOR")
    refused("topics", "--create", "--topic", "a/b", err="INVALID_TOPIC")
    for args, err in [
            (["--partitions", "0"], "--partitions 0: a whole number from 1"),
            (["--partitions", "x"], "--partitions x"),
            (["--replica-assignment", "1:1"], "stands twice"),
            (["--replica-assignment", "0", "--partitions", "1"], "cannot be used together"),
            (["--config", "x"], "name=value was expected"),
            (["--if-exists"], "--if-exists cannot be used with --create")]:
        wrong("topics", *new, *args, err=err)


def test_topics_described():
    """descriptions are those of Kafka's script; every filter; the same page by page"""
    topic("seen.one", 3, "--config", "retention.ms=5000")
    topic("seen.two", 2)
    out = kdeck("topics", "--describe", "--topic", "seen.*")
    head = re.compile(r"^Topic: (\S+)\tTopicId: ([\w-]{22})\tPartitionCount: (\d)\t"
                      r"ReplicationFactor: 1\tConfigs: (.*)$", re.M)
    assert [(n, c, s) for n, _, c, s in head.findall(out)] == [
        ("seen.one", "3", "retention.ms=5000"), ("seen.two", "2", "")], out
    line = "\tTopic: seen.two\tPartition: 1\tLeader: 0\tReplicas: 0\tIsr: 0\tElr: \tLastKnownElr: \n"
    assert out.endswith(line), out
    for limit in "1", "2", "4", "0":
        assert out == kdeck("topics", "--describe", "--topic", "seen.*",
                            "--partition-size-limit-per-response", limit), limit
    assert out in kdeck("topics", "--describe")
    which = head.findall(out)[1][1]
    assert kdeck("topics", "--describe", "--topic-id", which) == out[out.index("Topic: seen.two"):]
    seen = ["--describe", "--topic", "seen.*"]
    parts = "".join(re.findall(r"^\t.*\n", out, re.M))
    assert kdeck("topics", *seen, "--at-min-isr-partitions") == parts
    for none in "--under-replicated", "--unavailable", "--under-min-isr":
        assert kdeck("topics", *seen, none + "-partitions") == ""
    assert kdeck("topics", *seen, "--topics-with-overrides") == out[:out.index("\n") + 1]
    both = ["--at-min-isr-partitions", "--topics-with-overrides"]
    wrong("topics", *seen, *both, err="cannot be used together")
    page = json.loads(kdeck("topics", *seen, "--json"))
    assert [t["topic"] for t in page] == ["seen.one", "seen.two"], page
    assert page[1]["partitions"][1] == {"partition": 1, "leader": 0, "replicas": [0], "isr": [0],
                                        "elr": [], "lastKnownElr": []}, page
    nobody = ["--describe", "--topic", "nobody"]
    refused("topics", *nobody, err="topic nobody: UNKNOWN_TOPIC_OR_PARTITION")
    assert kdeck("topics", *nobody, "--if-exists") == ""
    refused("topics", "--describe", "--topic-id", "AAAAAAAAAAAAAAAAAAAAAQ", err="does not exist")
    wrong("topics", "--describe", "--topic-id", "x", err="--topic-id x: 22 letters")
    wrong("topics", "--describe", "--if-exists", err="needs --topic or --topic-id")
    wrong("topics", "--describe", "--topic", "(", err="not a regular expression")


def test_topics_listed():
    """lists are sorted, by pattern, also as JSON"""
    for name in "list-b", "list-a":
        topic(name)
    assert kdeck("topics", "--list", "--topic", "list-.*") == "list-a\nlist-b\n"
    assert kdeck("topics", "--list", "--topic", "list-a,list-b") == "list-a\nlist-b\n"
    assert kdeck("topics", "--list", "--topic", "nobody") == "\n"
    assert "list-a\nlist-b\n" in kdeck("topics", "--list", "--exclude-internal")
    names = json.loads(kdeck("topics", "--list", "--json", "--topic", "list-a"))
    assert names[0]["name"] == "list-a" and names[0]["partitionCount"] == 1, names
    assert json.loads(kdeck("topics", "--list", "--json", "--topic", "nobody")) == []
    wrong("topics", err="one of --list")
    wrong("topics", "--list", "--create", err="one of --list")
    wrong("topics", "--lst", err=r"unknown option --lst; did you mean --list\?")
    wrong("topics", "--list", "--partitions", "1", err="cannot be used with --list")
    assert "--topic NAME" in kdeck("topics", "--help")
    assert kdeck("topics", "--version").startswith("kdeck ")


def test_topics_grown_and_deleted():
    """topics grow, by hand too, and are deleted"""
    topic("grown")
    grow = ["--alter", "--topic", "grown", "--partitions"]
    assert kdeck("topics", *grow, "2") == ""
    assert kdeck("topics", *grow, "3", "--replica-assignment", "0,0,0") == ""
    assert "PartitionCount: 3" in kdeck("topics", "--describe", "--topic", "grown")
    refused("topics", *grow, "2", err="INVALID_PARTITIONS")
    refused("topics", *grow, "4", "--replica-assignment", "0,0", err="brokers of 2 partitions")
    wrong("topics", "--alter", "--topic", "grown", err="needs --partitions")
    wrong("topics", *grow, "4", "--config", "a=b", err="kdeck configs --alter")
    absent = ["--alter", "--topic", "nobody", "--partitions", "3"]
    refused("topics", *absent, err="does not exist")
    assert kdeck("topics", *absent, "--if-exists") == ""
    assert kdeck("topics", "--delete", "--topic", "grown") == ""
    refused("topics", "--delete", "--topic", "grown", err="does not exist")
    assert kdeck("topics", "--delete", "--topic", "grown", "--if-exists") == ""
    wrong("topics", "--delete", err="needs --topic")
    kdeck("topics", "--list", "--delete-config", "x", err="kdeck configs")


class OldBroker:
    """Stands between a client and a broker, and keeps an API from the list of those there are."""

    def __init__(self, hidden):
        self.hidden = hidden
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.to = None

    def serve(self, to):
        self.to = to
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        server = socket.create_connection(("127.0.0.1", self.to))
        asked = set()
        try:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    frame = self.frame(ready)
                    if ready is client:
                        if frame[:2] == b"\0\x12":
                            asked.add(frame[4:8])
                        server.sendall(struct.pack(">i", len(frame)) + frame)
                    else:
                        if frame[:4] in asked:
                            frame = self.without(frame)
                        client.sendall(struct.pack(">i", len(frame)) + frame)
        except (OSError, EOFError):
            client.close()
            server.close()

    @staticmethod
    def frame(s):
        def exactly(n):
            data = b""
            while len(data) < n:
                more = s.recv(n - len(data))
                if not more:
                    raise EOFError
                data += more
            return data
        return exactly(struct.unpack(">i", exactly(4))[0])

    def without(self, frame):
        """An ApiVersions answer of version 3 or later: correlation, error, entries of 7 bytes."""
        count = frame[6] - 1
        if frame[4:6] != b"\0\0" or count > 100:
            return frame
        entries = [frame[7 + 7 * i:14 + 7 * i] for i in range(count)]
        kept = [e for e in entries if struct.unpack(">h", e[:2])[0] != self.hidden]
        return frame[:6] + bytes([len(kept) + 1]) + b"".join(kept) + frame[7 + 7 * count:]


def test_topics_of_an_old_broker():
    """a broker without DescribeTopicPartitions is described by its metadata"""
    old = OldBroker(75)
    address = "127.0.0.1:%d" % old.port
    with Broker(advertised_listeners="PLAINTEXT://" + address) as b:
        old.serve(b.port)
        for name in "one", "two":
            call("topics", "-b", address, "--create", "--topic", name, "--partitions", "2")
        new = call("topics", "-b", b.address, "--describe")
        for args in [], ["--topic", "one|two"]:
            said = call("topics", "-b", address, "--describe", *args)
            assert said.code == DONE and said.out.count("Elr: N/A\tLastKnownElr: N/A") == 4, said
        page = json.loads(call("topics", "-b", address, "--describe", "--json").out)
        assert page[0]["partitions"][0]["elr"] is None, page
        assert new.code == DONE, new
    old.listener.close()


# ---- configs -------------------------------------------------------------------------------------

def test_configs_of_topics():
    """settings of topics are changed and shown, from flags and files"""
    topic("set")
    of = ["--entity-type", "topics", "--entity-name", "set"]
    alter, show = ["--alter", *of], ["--describe", "--topic", "set"]
    done = "Completed updating config for topic set.\n"
    assert kdeck("configs", *show) == "Dynamic configs for topic set are:\n"
    assert kdeck("configs", *alter, "--add-config",
                 "retention.ms=7000,cleanup.policy=[compact,delete]") == done
    out = kdeck("configs", *show)
    assert out.startswith("Dynamic configs for topic set are:\n"
                          "  cleanup.policy=compact,delete sensitive=false synonyms="
                          "{DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, "
                          "DEFAULT_CONFIG:log.cleanup.policy=delete}\n"
                          "  retention.ms=7000 sensitive=false synonyms="
                          "{DYNAMIC_TOPIC_CONFIG:retention.ms=7000"), out
    assert "max.message.bytes=" in kdeck("configs", *show, "--all")
    settings = file("add.properties", "retention.ms=9000\nmax.message.bytes = 2000000\n")
    assert kdeck("configs", *alter, "--add-config-file", settings,
                 "--delete-config", "cleanup.policy") == done
    page = json.loads(kdeck("configs", *show, "--json"))
    assert [(c["name"], c["value"]) for c in page[0]["configs"]] == [
        ("max.message.bytes", "2000000"), ("retention.ms", "9000")], page
    every = json.loads(kdeck("configs", "--describe", "--entity-type", "topics", "--json"))
    assert "set" in [e["entityName"] for e in every], every
    refused("configs", *alter, "--add-config", "retention.ms=x", err="topic set: INVALID_CONFIG")
    refused("configs", *alter, "--add-config", "foo.bar=1", err="INVALID_CONFIG")
    refused("configs", *alter, "--add-config-file", folder + "/none", err="add-config-file: .*none")
    refused("configs", "--alter", "--topic", "nobody", "--add-config", "retention.ms=1",
            err="UNKNOWN_TOPIC")
    absent = ["--describe", "--topic", "nobody"]
    assert kdeck("configs", *absent) == \
        "The topic 'nobody' doesn't exist and doesn't have dynamic config.\n"
    assert json.loads(kdeck("configs", *absent, "--json")) == []
    refused("configs", *absent, "--all", err="topic nobody: UNKNOWN_TOPIC")


def test_configs_of_brokers():
    """settings of brokers and their default"""
    assert kdeck("configs", "--alter", "--broker", "0", "--add-config",
                 "log.retention.ms=99000") == "Completed updating config for broker 0.\n"
    assert "log.retention.ms=99000" in kdeck("configs", "--describe", "--broker", "0")
    kdeck("configs", "--alter", "--broker", "0", "--delete-config", "log.retention.ms")
    assert kdeck("configs", "--alter", "--broker-defaults", "--add-config",
                 "log.retention.ms=98000").startswith("Completed updating default config")
    out = kdeck("configs", "--describe", "--entity-type", "brokers")
    assert "Dynamic configs for broker 0 are:\n" in out and "log.retention.ms=98000" in out, out
    kdeck("configs", "--alter", "--entity-type", "brokers", "--entity-default",
          "--delete-config", "log.retention.ms")
    assert kdeck("configs", "--describe", "--broker", "99") == \
        "The broker '99' doesn't exist and doesn't have dynamic config.\n"
    refused("configs", "--alter", "--broker", "0", "--add-config", "node.id=3", err="node.id")


def test_configs_refused():
    """wrong arguments of configs are named"""
    for args, err in [
            ([], "one of --describe and --alter"),
            (["--describe"], "--entity-type topics or brokers was expected"),
            (["--describe", "--entity-type", "users"], "does not offer"),
            (["--describe", "--entity-type", "x"], "--entity-type x: topics or brokers"),
            (["--describe", "--group", "g"], "--group: this version"),
            (["--describe", "--topic", "t", "--broker", "1"], "give one of them"),
            (["--describe", "--topic", ""], "name of a topic"),
            (["--describe", "--broker", "x"], "id of a broker"),
            (["--describe", "--broker", "4294967296"], "id of a broker"),
            (["--describe", "--topic", "t", "--add-config", "a=b"], "--alter, not --describe"),
            (["--alter", "--topic", "t"], "needs --add-config"),
            (["--alter", "--entity-type", "topics", "--add-config", "a=b"], "--entity-name"),
            (["--alter", "--topic", "t", "--add-config", "a"], "name=value was expected"),
            (["--alter", "--topic", "t", "--add-config", "a=b", "--add-config-file", "f"],
             "cannot be used together")]:
        wrong("configs", *args, err=err)


# ---- records -------------------------------------------------------------------------------------

def read(name, *args, **more):
    return kdeck("consume", "--topic", name, "--partition", "0", "--offset", "earliest",
                 "--timeout-ms", "20000", *args, **more)


def form(*properties):
    return [w for p in properties for w in ("--formatter-property", p)]


def test_lines():
    """lines become records: keys, headers, nulls, empty and long lines, bytes as they are"""
    topic("lines")
    put = ["--topic", "lines", "--reader-property", "parse.key=true", "--reader-property",
           "key.separator=:"]
    kdeck("produce", *put, stdin="k1:v1\nk2:\n")
    kdeck("produce", *put, "--reader-property", "parse.headers=true", "--reader-property",
          "null.marker=N", stdin="h1:a,h2:N\tN:N\r\n")
    raw = bytes(range(1, 10)) + b"\xff\xfe\x80" + b"\0" + b"x" * 200000
    kdeck("produce", "--topic", "lines", stdin=b"\n" + raw)
    out = read("lines", "--max-messages", "5", *form(
        "print.key=true", "print.offset=true", "print.headers=true", "key.separator=|"))
    lines = out.split("Offset:")
    assert lines[1:4] == ["0|NO_HEADERS|k1|v1\n", "1|NO_HEADERS|k2|\n",
                          "2|h1:a,h2:null|null|null\n"], lines[1:4]
    assert lines[4] == "3|NO_HEADERS|null|\n", lines[4]
    said = subprocess.run([KDECK, "consume", "-b", broker.address, "--topic", "lines",
                           "--partition", "0", "--offset", "4", "--max-messages", "1"],
                          capture_output=True, timeout=kdecktest.DEADLINE)
    assert said.stdout == raw + b"\n", "bytes were changed"
    refused("produce", *put, stdin="k:v\nnokey\n", err='line 2: no key separator ":" in "nokey"')
    config = file("reader.properties", "parse.key=true\nkey.separator=:\nignore.error=TRUE\n")
    kdeck("produce", "--topic", "lines", "--reader-config", config, stdin="c:1\nnokey\n")
    out = read("lines", "--max-messages", "8", *form("print.key=true"))
    assert out.endswith("k\tv\nc\t1\nnull\tnokey\n"), out[-60:]


def test_lines_too_large():
    """what is too large is named and counted, what fits is written"""
    topic("large")
    refused("produce", "--topic", "large", stdin=b"x" * 3000000 + b"\nsmall\n",
            err=r"MESSAGE_TOO_LARGE(.|\n)*1 record was not acknowledged")
    assert read("large", "--max-messages", "1") == "small\n"
    refused("produce", "--topic", "large", stdin=b"x" * (65 << 20), err="longer than 64 MiB")


def test_produce_flags():
    """every flag of Kafka's console producer does its work or is refused with a word"""
    topic("flags", 2)
    put = ["--topic", "flags"]
    for args in [
            ["--sync"], ["--compression-codec"], ["--compression-codec", "zstd", "--sync"],
            ["--request-required-acks", "1"], ["--partitioner", "1"],
            ["--producer-property", "linger.ms=1"], ["--command-property", "acks=all"],
            ["--line-reader", "org.apache.kafka.tools.LineMessageReader"],
            ["--batch-size", "1000", "--timeout", "5", "--max-block-ms", "60000",
             "--max-memory-bytes", "33554432", "--message-send-max-retries", "5",
             "--metadata-expiry-ms", "300000", "--request-timeout-ms", "1500",
             "--retry-backoff-ms", "100", "--socket-buffer-size", "102400"]]:
        kdeck("produce", *put, *args, stdin="line\n")
    assert kdeck("produce", *put, stdin=b"") == ""
    kdeck("produce", *put, "--count", "20", "--rate", "1000", "--size", "10")
    total = sum(int(line.rsplit(":", 1)[1])
                for line in kdeck("get-offsets", "--topic", "flags").splitlines())
    assert total == 29, total
    kdeck("produce", *put, "--producer-property", "foo=bar", stdin="x\n",
          err="--producer-property: foo is no setting of a client and has no effect")
    for args, err in [
            (["--batch-size", "x"], "--batch-size x: a whole number"),
            (["--compression-codec", "x"], "compression"),
            (["--request-required-acks", "7"], "acks"),
            (["--line-reader", "my.Reader"], "classes cannot be used"),
            (["--reader-property", "x=1"], "unknown property x=1"),
            (["--reader-property", "parse.key=yes"], "true or false"),
            (["--reader-property", "parse.key"], "name=value"),
            (["--reader-property", "key.separator="], "a value was expected"),
            (["--property", "parse.key=true", "--reader-property", "parse.key=true"],
             "--property and --reader-property are the same"),
            (["--producer-property", "x"], "name=value"),
            (["--partitioner", "x"], "--partitioner x"),
            (["--rate", "1"], "--rate and --size go with --count"),
            (["extra"], "extra: an option was expected")]:
        wrong("produce", *put, *args, err=err, stdin="line\n")
    refused("produce", *put, "--producer-property", "acks=7", err="acks=7", stdin="line\n")
    refused("produce", *put, "--reader-config", folder + "/none", err="none", stdin="line\n")
    wrong("produce", err="--topic was expected")


def test_consume_flags():
    """formats, limits and places of Kafka's console consumer"""
    topic("read")
    kdeck("produce", "--topic", "read", "--reader-property", "parse.key=true",
          stdin="".join("k%d\tv%d\n" % (i, i) for i in range(10)))
    assert read("read", "--max-messages", "2") == "v0\nv1\n"
    assert read("read", "--max-messages", "0") == ""
    said = call("consume", "-b", broker.address, "--topic", "read", "--from-beginning",
                "--timeout-ms", "1500")
    assert said.code == DONE and said.out.endswith("v9\n"), said
    assert said.err == "Processed a total of 10 messages\n", said
    at = ["--topic", "read", "--partition", "0", "--offset", "7", "--max-messages", "2"]
    assert kdeck("consume", *at) == "v7\nv8\n"
    out = kdeck("consume", *at, *form("print.timestamp=true", "print.partition=true",
                                      "print.epoch=true", "print.delivery=true", "print.key=true",
                                      "line.separator=;"))
    one = r"CreateTime:\d{13}\tPartition:0\tDelivery:NOT_PRESENT\tEpoch:(\d+|NOT_PRESENT)\tk%d\tv%d;"
    assert re.fullmatch(one % (7, 7) + one % (8, 8), out), out
    assert kdeck("consume", *at, *form("print.value=false")) == ""
    assert kdeck("consume", *at, *form("print.value=false", "print.key=true")) == "k7\nk8\n"
    assert kdeck("consume", *at, "--formatter", "a.b.NoOpMessageFormatter") == ""
    config = file("format.properties", "print.key=true\nkey.separator=|\n")
    assert kdeck("consume", *at, "--formatter-config", config) == "k7|v7\nk8|v8\n"
    objects = [json.loads(line) for line in kdeck("consume", *at, "--json").splitlines()]
    assert [(o["offset"], o["key"], o["value"]) for o in objects] == [
        (7, "k7", "v7"), (8, "k8", "v8")], objects
    assert kdeck("consume", *at, "--isolation-level", "read_committed") == "v7\nv8\n"
    assert kdeck("consume", "--include", "rea.", "--from-beginning", "--max-messages", "1",
                 "--consumer-property", "fetch.min.bytes=1") == "v0\n"
    assert kdeck("consume", *at, "--key-deserializer", "x.StringDeserializer",
                 "--skip-message-on-error") == "v7\nv8\n"
    for args, err in [
            (["--offset", "-3"], "--offset -3"), (["--offset", "x"], "--offset x"),
            (["--from-beginning"], "exclude each other"),
            (["--max-messages", "x"], "--max-messages x"),
            (["--timeout-ms", "x"], "--timeout-ms x"),
            (["--isolation-level", "x"], "read_committed was expected"),
            (["--include", "x"], "one of --topic and --include"),
            (["--group", "g", "--partition", "0"], "--partition and --group exclude each other"),
            (["--formatter", "my.Formatter"], "classes cannot be used"),
            (["--value-deserializer", "x.LongDeserializer"], "LongDeserializer"),
            (form("print.kee=true"), "unknown property"),
            (["--consumer-property", "x"], "name=value")]:
        wrong("consume", *at, *args, err=err)
    wrong("consume", "--topic", "read", "--offset", "1", err="--offset needs --partition")
    wrong("consume", "--include", "read", "--partition", "0", err="--partition needs --topic")
    wrong("consume", "--include", "(", err="not a regular expression")
    wrong("consume", err="one of --topic and --include")
    refused("consume", "--topic", "nobody", err="topic nobody: UNKNOWN_TOPIC_OR_PARTITION")
    refused("consume", "--topic", "read", "--partition", "9", err="no partition 9")


def test_many_headers():
    """a record's headers are printed however many they are"""
    topic("headers")
    names = ",".join("h%d:%d" % (i, i) for i in range(200))
    kdeck("produce", "--topic", "headers", "--property", "parse.headers=true",
          stdin=names + "\tv\n")
    out = read("headers", "--max-messages", "1", *form("print.headers=true"))
    assert out == names + "\tv\n", out
    refused("produce", "--topic", "headers", "--property", "parse.headers=true",
            stdin=",".join("h:1" for _ in range(300)) + "\tv\n", err="more than 256 headers")


def test_offsets():
    """offsets of topics, partitions and times"""
    topic("where", 3)
    kdeck("produce", "--topic", "where", "--partitioner", "1", stdin="a\nb\n")
    ends = "where:0:0\nwhere:1:2\nwhere:2:0\n"
    of = ["--topic", "where"]
    assert kdeck("get-offsets", *of) == ends
    assert kdeck("get-offsets", *of, "--time", "earliest").count(":0\n") == 3
    # Both records may be of the same millisecond.
    assert kdeck("get-offsets", *of, "--time", "-3") in ("where:1:0\n", "where:1:1\n")
    assert kdeck("get-offsets", *of, "--time", "0") == "where:1:0\n"
    assert kdeck("get-offsets", *of, "--partitions", "1,2") == ends[10:]
    assert kdeck("get-offsets", "--topic-partitions", "where:0-2,wh.*:2-") == ends
    page = json.loads(kdeck("get-offsets", *of, "--json"))
    assert page[1] == {"topic": "where", "partition": 1, "offset": 2}, page
    assert ends in kdeck("get-offsets", "--exclude-internal-topics")
    refused("get-offsets", "--topic", "nobody", err="no partition fits")
    for args, err in [
            (["--partitions", "0-1"], "numbers with commas"), (["--time", "x"], "--time x"),
            (["--topic-partitions", "x"], "cannot be used with")]:
        wrong("get-offsets", *of, *args, err=err)
    wrong("get-offsets", "--topic-partitions", "where:x", err="x: partitions were expected")
    wrong("get-offsets", "--topic", "(", err="not a regular expression")


def test_records_deleted():
    """records before an offset go; every partition that could not be done is named"""
    topic("less", 2)
    kdeck("produce", "--topic", "less", "--partitioner", "0", stdin="a\nb\nc\n")

    def offsets(*entries, version=1):
        return file("delete.json", json.dumps({"version": version, "partitions": [
            {"topic": t, "partition": p, "offset": o} for t, p, o in entries]}))

    def delete(path, *more, **how):
        return kdeck("delete-records", "--offset-json-file", path, *more, **how)
    head = "Executing records delete operation\nRecords delete operation completed:\n"
    assert delete(offsets(("less", 0, 2))) == head + "partition: less-0\tlow_watermark: 2\n"
    assert delete(offsets()) == head
    assert json.loads(delete(offsets(("less", 0, -1)), "--json")) == [
        {"topic": "less", "partition": 0, "lowWatermark": 3}]
    assert delete(offsets(("less", 1, 9), ("nobody", 0, 1)), code=NO, err=(
        "partition less-1: OFFSET_OUT_OF_RANGE(.|\n)*partition nobody-0: UNKNOWN")) == head
    for path, err in [
            (offsets(("less", 0, 1), ("less", 0, 2)), "less-0 is named twice"),
            (folder + "/none", "No such file")]:
        assert delete(path, code=NO, err=err) == ""
    for text, err in [
            ('{"partitions":[', "line 1, column"), ('{"version":1}', 'a list "partitions"'),
            ('{"partitions":[],"version":2}', '"version": 1 was expected'),
            ('{"partitions":[{"topic":"t","partition":"x","offset":1}]}', "entry 1")]:
        assert delete(file("bad.json", text), code=NO, err=err) == ""
    said = call("delete-records", "-b", broker.address, "--offset-json-file", "-",
                stdin='{"partitions":[{"topic":"less","partition":0,"offset":3}]}')
    assert said.code == DONE and "low_watermark: 3" in said.out, said
    wrong("delete-records", err="--offset-json-file was expected")


# ---- the way to the cluster ----------------------------------------------------------------------

def test_addresses():
    """the first address that answers serves; what does not answer is named with its reason"""
    dead = "127.0.0.1:%d" % kdecktest_port()
    said = call("topics", "--bootstrap-server", dead + "," + broker.address, "--list")
    assert said.code == DONE and not said.err, said
    said = call("topics", "--broker-list", broker.address, "--zookeeper", "z:2181", "--list")
    assert said.code == DONE and "--zookeeper has no effect" in said.err, said
    for name, *args in [
            ("topics", "--list"), ("topics", "--describe"), ("get-offsets",),
            ("configs", "--describe", "--topic", "t"), ("consume", "--topic", "t")]:
        said = call(name, "-b", dead, *args)
        assert said.code == NO and said.out == "" and dead in said.err, said
        assert said.err.count("\n") == 1 and "refused; check the address" in said.err, said
    for bad in "127.0.0.1:70000", "h:x", "":
        said = call("topics", "-b", bad, "--list")
        assert said.code == USAGE and "--bootstrap-server" in said.err, (bad, said)
    said = call("topics", "-b", broker.address, "--broker-list", "h:1", "--list")
    assert said.code == USAGE and "are the same" in said.err, said


def kdecktest_port():
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_client_settings():
    """--command-config is read; what is unknown or cannot be is said"""
    good = file("good.properties", "client.id=me\nrequest.timeout.ms=5000\n"
                                   "security.protocol=PLAINTEXT\nbootstrap.servers=%s\n"
                % broker.address)
    said = call("topics", "--command-config", good, "--list")
    assert said.code == DONE and not said.err, said
    odd = file("odd.properties", "foo.bar=1\nclient.id=me\n")
    for name, *args in [("topics", "--list"), ("produce", "--topic", "config-t")]:
        if name == "produce":
            topic("config-t")
        kdeck(name, "--command-config", odd, *args, stdin="x\n", err="foo.bar is no setting")
    refused("topics", "--list", "--command-config", folder + "/none", err="No such file")
    for text, err in [
            ("request.timeout.ms=abc\n", "request.timeout.ms=abc: "),
            ("security.protocol=SSL\n", "only PLAINTEXT"),
            ("sasl.jaas.config=secret\n", r"sasl.jaas.config=\(hidden\)")]:
        refused("topics", "--list", "--command-config", file("bad.properties", text), err=err)


def test_all_that_is_wrong_is_told():
    """every bad line of a settings file, with its place"""
    bad = file("worse.properties", "request.timeout.ms=abc\nclient.id=me\nssl.k=1\nsasl.x=2\n")
    said = call("topics", "-b", broker.address, "--list", "--command-config", bad)
    assert said.code == NO and not said.out, said
    for line in (1, 3, 4):
        assert "%s:%d: " % (bad, line) in said.err, said
    bad = file("broker.properties", "node.id=x\nlog.dirz=/\nnum.partitions=3\nbroker.id=y\n")
    done = subprocess.run([os.path.join(BUILD, "kdeck-broker"), bad, "--check-config"],
                          capture_output=True)
    said = Said(done)
    assert said.code == NO and said.err.count(bad) == 3, said


def test_help_and_usage():
    """each command has --help, names itself as it was typed, and wrong usage is 2"""
    for name in ("demo", "snapshot", "up", "topics"):
        said = call(name, "--help")
        assert said.code == DONE and said.out.startswith("Usage: kdeck %s " % name), said
        said = call(name, "--nonsense")
        assert said.code == USAGE and said.err.startswith("kdeck %s: unknown" % name), said
    for name in ("demo", "up"):
        said = call(name, "--brokers", "101")
        assert said.code == USAGE and "--brokers 101" in said.err, said
    said = Said(subprocess.run([KDECK, "--nonsense"], capture_output=True))
    assert said.code == USAGE and said.err.startswith("kdeck: unknown"), said
    said = Said(subprocess.run([KDECK, "-b", "h:1", "topics", "--list"], capture_output=True))
    assert said.code == USAGE and "a command comes first: kdeck topics" in said.err, said
    said = Said(subprocess.run([KDECK, "-b", "h:70000"], capture_output=True))
    assert said.code == USAGE and "--bootstrap-server h:70000" in said.err, said
    for line in call("get-offsets", "--help").out.split("\n"):
        shown = re.match(r"  -.*?  +(?=\S)", line)
        assert not shown or shown.end() == 34, line
    wrong("topics", "--create", "--topic", "big", "--partitions", "10001", err="10000 at most")
    said = Said(subprocess.run([os.path.join(BUILD, "kdeck-broker"), "--override", "foo"],
                               capture_output=True))
    assert said.code == USAGE and "KEY=VALUE" in said.err, said


def test_nobody_listens():
    """a refused connection is told at once, and nothing is called completed"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound, and nobody listens: refused
        nobody = "127.0.0.1:%d" % s.getsockname()[1]
        began = time.monotonic()
        said = call("snapshot", "-b", nobody)
        took = time.monotonic() - began
        assert said.code == NO and "refused" in said.err and took < 15, (took, said)
        some = file("del.json", '{"partitions": [{"topic": "t", "partition": 0, "offset": 1}]}')
        said = call("delete-records", "-b", nobody, "--offset-json-file", some)
        assert said.code == NO and "completed" not in said.out, said
        with open("/dev/full", "wb") as full:
            done = subprocess.run([KDECK, "snapshot", "-b", broker.address], stdout=full,
                                  stderr=subprocess.PIPE, timeout=kdecktest.DEADLINE)
        assert done.returncode == NO, done
        assert done.stderr == b"kdeck snapshot: standard output: No space left on device\n", done


# ---- pipes, signals, full disks ------------------------------------------------------------------

def test_output_lost():
    """output to a full disk is an error; a reader that goes away is none"""
    topic("flood")
    kdeck("produce", "--topic", "flood", "--count", "20000", "--size", "100")
    with open("/dev/full", "wb") as full:
        for name, *args in [
                ("topics", "--list"), ("topics", "--help"), ("configs", "--describe", "--topic", "flood"),
                ("consume", "--topic", "flood", "--from-beginning", "--max-messages", "5")]:
            done = subprocess.run([KDECK, name, "-b", broker.address, *args], stdout=full,
                                  stderr=subprocess.PIPE, timeout=kdecktest.DEADLINE)
            assert done.returncode == NO, (name, done)
            assert b"standard output: No space left on device" in done.stderr, done
    p = subprocess.Popen([KDECK, "consume", "-b", broker.address, "--topic", "flood",
                          "--from-beginning"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert p.stdout.read(1) == b"0"
    p.stdout.close()
    err = p.stderr.read()
    assert p.wait(timeout=kdecktest.DEADLINE) == DONE, err
    assert b"standard output" not in err, err


def test_signals():
    """a signal ends reading and writing after what is under way, with Kafka's exit status"""
    topic("sig")
    p = subprocess.Popen([KDECK, "produce", "-b", broker.address, "--topic", "sig"],
                         stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(b"one\ntwo\n")
    p.stdin.flush()
    until("both lines are written", lambda: kdeck("get-offsets", "--topic", "sig") == "sig:0:2\n")
    p.send_signal(signal.SIGINT)
    assert p.wait(timeout=kdecktest.DEADLINE) == 130, p.stderr.read()
    assert b"2 lines of the input had been sent" in p.stderr.read()
    p.stdin.close()
    p.stderr.close()
    p = subprocess.Popen([KDECK, "consume", "-b", broker.address, "--topic", "sig",
                          "--from-beginning"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert p.stdout.readline() == b"one\n"
    assert p.stdout.readline() == b"two\n"
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=kdecktest.DEADLINE)
    assert p.returncode == 143 and err == b"Processed a total of 2 messages\n", (p.returncode, err)


def test_closed_descriptors():
    """a standard descriptor that is closed is an end of input, or output that is lost"""
    topic("closed")

    def run_closed(fd, *args):
        return subprocess.run([KDECK, *args, "-b", broker.address], capture_output=True,
                              timeout=kdecktest.DEADLINE, preexec_fn=lambda: os.close(fd))
    assert run_closed(0, "produce", "--topic", "closed").returncode == DONE
    done = run_closed(1, "topics", "--list")
    assert done.returncode == NO and b"standard output: Bad file" in done.stderr, done


# ---- other commands ------------------------------------------------------------------------------

def test_snapshot():
    """the snapshot is one page, or one object"""
    topic("snap", 3)
    page = json.loads(kdeck("snapshot", "--json"))
    assert {t["topic"]: t["partitionCount"] for t in page["topics"]}["snap"] == 3, page
    assert "snap" in kdeck("snapshot")


def test_snapshot_of_nothing():
    """a snapshot where no broker is says why, and soon"""
    nowhere = "n" * 64 + ".invalid:9092"  # no name that anybody is asked for
    began = time.monotonic()
    said = subprocess.run([KDECK, "snapshot", "-b", nowhere], capture_output=True, text=True,
                          timeout=kdecktest.DEADLINE)
    assert said.returncode == NO and not said.stdout, said
    assert said.stderr.startswith("kdeck snapshot: %s: Metadata: cannot connect to %s: "
                                  % (nowhere, nowhere)), said
    # Its own limit, for a cluster that may yet answer, is 30 s.
    assert time.monotonic() - began < 20, said


def test_links():
    """links named like Kafka's scripts are the commands"""
    link = os.path.join(folder, "kafka-topics.sh")
    os.symlink(os.path.abspath(KDECK), link)
    done = subprocess.run([link, "--bootstrap-server", broker.address, "--list", "--topic", "nobody"],
                          capture_output=True, timeout=kdecktest.DEADLINE)
    assert done.returncode == DONE and done.stdout == b"\n", done
    own = call("topics", "--help").out
    assert own.startswith("Usage: kdeck topics "), own
    for ask in "--help", "-h":
        done = subprocess.run([link, ask], capture_output=True, timeout=kdecktest.DEADLINE)
        assert done.stdout.decode() == own.replace("kdeck topics", "kafka-topics.sh", 1), done
        assert done.returncode == DONE and not done.stderr, done


# A folder and a broker for all: each test has topics of its own.
folder = tempfile.mkdtemp(prefix="kdeck-test-")
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    with Broker() as broker:
        kdecktest.main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
