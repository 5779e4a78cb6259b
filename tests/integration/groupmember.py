"""One consumer of a group as a process of its own: a line of JSON for everything that happens.

usage: groupmember.py ADDRESS GROUP TOPIC ASSIGNOR

{"assigned": [partitions]}            after a rebalance
{"read": n, "committed": n}           records read so far, after each commit
It commits after each batch, and leaves the group when it is told to stop.
"""
import json
import signal
import sys

from kafka import KafkaConsumer
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky import sticky_assignor

ASSIGNORS = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor,
             "sticky": sticky_assignor.StickyPartitionAssignor}

# kafka-python 2.0.2 gives its encoder an iterator where it wants a list: with Python 3 no member
# could join a second time with this assignor, whatever the broker.
UserData = sticky_assignor.StickyAssignorUserDataV1


class ListedUserData(UserData):
    def __init__(self, partitions, *rest):
        super().__init__(list(partitions), *rest)


sticky_assignor.StickyAssignorUserDataV1 = ListedUserData


def say(**what):
    print(json.dumps(what), flush=True)


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        say(assigned=sorted(tp.partition for tp in assigned))


def main():
    address, group, topic, assignor = sys.argv[1:]
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    consumer = KafkaConsumer(
        bootstrap_servers=address, group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest", api_version=(2, 5, 0), session_timeout_ms=2000,
        heartbeat_interval_ms=200,
        partition_assignment_strategy=[ASSIGNORS[assignor]])
    consumer.subscribe([topic], listener=Listener())
    read = 0
    while going:
        batch = consumer.poll(timeout_ms=200)
        read += sum(len(records) for records in batch.values())
        if batch:
            consumer.commit()
            say(read=read)
    consumer.close(autocommit=False)


main()
