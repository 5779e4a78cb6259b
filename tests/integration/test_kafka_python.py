"""kafka-python 2.0.2, which never asks for more than old versions: admin, produce, consume."""
import kdecktest
from kdecktest import Broker

try:
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
    from kafka.errors import TopicAlreadyExistsError
except ImportError:
    print("1..0 # SKIP python3-kafka is not installed")
    raise SystemExit(0)


def test_admin():
    """topics are created, described, grown, configured and deleted"""
    with Broker() as b:
        admin = KafkaAdminClient(bootstrap_servers=b.address)
        admin.create_topics([NewTopic("orders", 3, 1)])
        try:
            admin.create_topics([NewTopic("orders", 3, 1)])
            raise AssertionError("created twice")
        except TopicAlreadyExistsError:
            pass
        admin.create_partitions({"orders": NewPartitions(5)})
        described = admin.describe_topics(["orders"])[0]
        assert len(described["partitions"]) == 5, described
        resource = ConfigResource(ConfigResourceType.TOPIC, "orders", {"retention.ms": "60000"})
        admin.alter_configs([resource])
        answer = admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, "orders")])[0]
        values = {c[0]: c[1] for c in answer.resources[0][4]}
        assert values["retention.ms"] == "60000", values
        admin.delete_topics(["orders"])
        assert "orders" not in admin.list_topics()
        admin.close()


def test_traffic():
    """keys, values, headers and timestamps; every acks; seeking"""
    with Broker() as b:
        for acks in (0, 1, "all"):
            producer = KafkaProducer(bootstrap_servers=b.address, acks=acks)
            sent = [producer.send("t-%s" % acks, key=b"k%d" % i, value=b"v%d" % i,
                                  headers=[("h", b"x")], timestamp_ms=1000 + i)
                    for i in range(10)]
            producer.flush()
            if acks != 0:
                assert [f.get(timeout=30).offset for f in sent] == list(range(10))
            producer.close()
            consumer = KafkaConsumer(bootstrap_servers=b.address, consumer_timeout_ms=20000)
            where = TopicPartition("t-%s" % acks, 0)
            consumer.assign([where])
            consumer.seek_to_beginning()
            got = []
            for record in consumer:
                got.append(record)
                if len(got) == 10:
                    break
            assert [r.value for r in got] == [b"v%d" % i for i in range(10)]
            assert [r.timestamp for r in got] == [1000 + i for i in range(10)]
            assert got[0].headers == [("h", b"x")]
            found = consumer.offsets_for_times({where: 1005})
            assert found[where].offset == 5, found
            consumer.close()


kdecktest.main()
