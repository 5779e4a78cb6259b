"""Apache Kafka's own command line tools, unchanged, against kdeck-broker."""
import json
import os
import re

import javatools
from javatools import CODECS, CONFIGS, CONSUMER, dump, files, java, refused, tool

javatools.need_kafka()

from kdecktest import Broker  # noqa: E402

TEXT = "".join("line %d of a text that repeats itself\n" % i for i in range(500))


def test_topics():
    """TopicCommand creates with settings, describes, grows, lists and deletes"""
    with Broker() as b:
        out = tool(b, "TopicCommand", "--create", "--topic", "orders", "--partitions", "3",
                   "--replication-factor", "1", "--config", "retention.ms=60000",
                   "--config", "cleanup.policy=compact")
        assert "Created topic orders." in out, out
        tool(b, "TopicCommand", "--alter", "--topic", "orders", "--partitions", "5")
        out = tool(b, "TopicCommand", "--describe", "--topic", "orders")
        head = out.splitlines()[0]
        assert "PartitionCount: 5\tReplicationFactor: 1" in head, out
        configs = head.split("Configs: ")[1].split(",")
        assert {"retention.ms=60000", "cleanup.policy=compact"} <= set(configs), out
        rows = re.findall(r"Partition: (\d)\tLeader: 0\tReplicas: 0\tIsr: 0\t", out)
        assert rows == list("01234"), out
        assert tool(b, "TopicCommand", "--list").split() == ["orders"]
        tool(b, "TopicCommand", "--delete", "--topic", "orders")
        assert tool(b, "TopicCommand", "--list").split() == []


def test_error_names():
    """what cannot be done carries Kafka's name of the error"""
    javatools.need_compiler()
    with Broker() as b:
        tool(b, "TopicCommand", "--create", "--topic", "there", "--partitions", "2")
        assert "already exists" in refused(b, "TopicCommand", "--create", "--topic", "there")
        assert "must be greater than 0" in refused(b, "TopicCommand", "--create", "--topic", "x",
                                                   "--partitions", "0")
        source = os.path.join(javatools.HERE, "ErrorNames.java")
        args = javatools.JVM + ["-cp", os.path.join(javatools.JARS, "*"), source, b.address]
        out = javatools.run(args).stdout.decode()
        assert dict(line.split(": ") for line in out.splitlines()) == {
            "exists": "TopicExistsException",
            "partitions": "InvalidPartitionsException",
            "replicas": "InvalidReplicationFactorException",
            "name": "InvalidTopicException",
            "config": "InvalidConfigurationException",
            "assignment": "InvalidReplicaAssignmentException",
            "fewer": "InvalidPartitionsException",
            "absent": "UnknownTopicOrPartitionException",
            "delete-past-end": "OffsetOutOfRangeException",
        }, out


def test_produce_consume():
    """ConsoleProducer in each compression, idempotent as is its default; ConsoleConsumer reads"""
    with Broker() as b:
        for codec in CODECS:
            tool(b, "ConsoleProducer", "--topic", codec, "--compression-codec", codec,
                 stdin=TEXT.encode())
            got = tool(b, CONSUMER, "--topic", codec, "--partition", "0", "--offset", "earliest",
                       "--max-messages", "500", "--timeout-ms", "20000")
            assert got == TEXT, (codec, got[:200])
        for codec in CODECS:
            folder = os.path.join(b.folder, "data", codec + "-0")
            size = os.path.getsize(files(folder, "*.log")[0])
            assert (size > len(TEXT)) == (codec == "none"), (codec, size)
        out = dump([files(os.path.join(b.folder, "data", c + "-0"), "*.log")[0] for c in CODECS])
        for codec, part in zip(CODECS, out.split("Dumping ")[1:]):
            batches = javatools.BATCH.findall(part)
            assert sum(int(x[2]) for x in batches) == 500, part
            assert {x[3].lower() for x in batches} == {codec}, part
            assert "producerId: -1 " not in part and "baseSequence: 0 " in part, part


def test_offsets_and_deletion():
    """GetOffsetShell sees both ends; DeleteRecordsCommand moves the first"""
    with Broker() as b:
        tool(b, "ConsoleProducer", "--topic", "t", stdin=TEXT.encode())
        assert tool(b, "GetOffsetShell", "--topic", "t") == "t:0:500\n"
        where = os.path.join(b.folder, "delete.json")
        with open(where, "w") as f:
            json.dump({"partitions": [{"topic": "t", "partition": 0, "offset": 120}],
                       "version": 1}, f)
        out = tool(b, "DeleteRecordsCommand", "--offset-json-file", where)
        assert re.search(r"t-0\s+low_watermark: 120", out), out
        assert tool(b, "GetOffsetShell", "--topic", "t", "--time", "earliest") == "t:0:120\n"
        got = tool(b, CONSUMER, "--topic", "t", "--partition", "0", "--offset", "earliest",
                   "--max-messages", "380", "--timeout-ms", "20000")
        assert got == "".join(TEXT.splitlines(True)[120:]), got[:200]


def test_configs():
    """ConfigCommand alters and describes topics and brokers; an unknown name is refused"""
    with Broker() as b:
        tool(b, "TopicCommand", "--create", "--topic", "t")
        of_topic = ["--entity-type", "topics", "--entity-name", "t"]
        tool(b, CONFIGS, "--alter", *of_topic, "--add-config",
             "retention.ms=1234567,cleanup.policy=[compact,delete]")
        out = tool(b, CONFIGS, "--describe", *of_topic)
        assert "\n  retention.ms=1234567 " in out, out
        assert "\n  cleanup.policy=compact,delete " in out, out
        tool(b, CONFIGS, "--alter", *of_topic, "--delete-config", "retention.ms")
        assert "retention.ms" not in tool(b, CONFIGS, "--describe", *of_topic)
        out = tool(b, CONFIGS, "--describe", "--all", *of_topic)
        assert "\n  retention.ms=604800000 " in out, out
        of_broker = ["--entity-type", "brokers", "--entity-name", "0"]
        tool(b, CONFIGS, "--alter", *of_broker, "--add-config", "log.retention.ms=100000")
        out = tool(b, CONFIGS, "--describe", *of_broker)
        assert "DYNAMIC_BROKER_CONFIG:log.retention.ms=100000" in out, out
        out = refused(b, CONFIGS, "--alter", *of_topic, "--add-config", "nonsense=1")
        assert "InvalidConfigurationException" in out, out
        out = refused(b, CONFIGS, "--alter", "--entity-type", "topics", "--entity-name", "absent",
                      "--add-config", "retention.ms=1")
        assert "UnknownTopicOrPartitionException" in out, out


def test_quorum():
    """MetadataQuorumCommand names the leader and its log"""
    with Broker() as b:
        out = tool(b, "MetadataQuorumCommand", "describe", "--status")
        assert re.search(r"LeaderId: +0\n", out) and re.search(r"LeaderEpoch: +1\n", out), out
        assert re.search(r"HighWatermark: +[1-9]", out), out
        assert re.search(r"CurrentObservers: +\[\]", out), out
        out = tool(b, "MetadataQuorumCommand", "describe", "--replication")
        assert re.search(r"^0 .*\tLeader", out, re.M), out


def test_log_dirs():
    """LogDirsCommand says the size of a partition as it is on the disk"""
    with Broker() as b:
        tool(b, "ConsoleProducer", "--topic", "t", stdin=TEXT.encode())
        out = tool(b, "LogDirsCommand", "--describe", "--topic-list", "t")
        answer = json.loads(out.splitlines()[-1])
        folder = answer["brokers"][0]["logDirs"][0]
        assert folder["error"] is None and folder["logDir"] == b.folder + "/data", out
        size = os.path.getsize(os.path.join(b.folder, "data/t-0/00000000000000000000.log"))
        assert folder["partitions"] == [{"partition": "t-0", "size": size, "offsetLag": 0,
                                         "isFuture": False}], out


def test_load():
    """ProducerPerformance and VerifiableProducer get every record acknowledged"""
    with Broker() as b:
        out = tool(b, "ProducerPerformance", "--topic", "perf", "--num-records", "100000",
                   "--record-size", "100", "--throughput", "-1")
        assert "100000 records sent" in out, out
        assert tool(b, "GetOffsetShell", "--topic", "perf") == "perf:0:100000\n"
        out = tool(b, "VerifiableProducer", "--topic", "v", "--max-messages", "2000")
        answers = [json.loads(line) for line in out.splitlines()]
        sent = [a["offset"] for a in answers if a["name"] == "producer_send_success"]
        assert sent == list(range(2000)), (len(sent), answers[-1])
        assert not [a for a in answers if a["name"] == "producer_send_error"]


javatools.kdecktest.main()
