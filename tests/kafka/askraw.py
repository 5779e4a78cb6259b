"""The same raw requests to kdeck-broker and to Apache Kafka, in Kafka's own message classes
(AskRaw.java), and what each of the two answered, in words that can be compared: member ids by the
order in which they were handed out, members by their names."""
import base64
import json
import os
import re
import subprocess

import javatools
from kdecktest import until

PRODUCE, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 0, 8, 9, 10
JOIN, HEARTBEAT, LEAVE, SYNC, DESCRIBE, LIST, API_VERSIONS = 11, 12, 13, 14, 15, 16, 18
CREATE_TOPICS, DELETE_GROUPS, OFFSET_DELETE = 19, 42, 47
NAMES = {8: "OffsetCommit", 9: "OffsetFetch", 10: "FindCoordinator", 11: "JoinGroup",
         12: "Heartbeat", 13: "LeaveGroup", 14: "SyncGroup", 15: "DescribeGroups",
         16: "ListGroups", 19: "CreateTopics", 42: "DeleteGroups", 47: "OffsetDelete"}
UUID = re.compile(r"[\w.-]*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Fields that a request has in some of its versions only: the first and the last.
FIELDS = {LEAVE: {"memberId": (0, 2), "members": (3, 99)},
          OFFSET_FETCH: {"groupId": (0, 7), "topics": (0, 7), "groups": (8, 99)},
          FIND_COORDINATOR: {"key": (0, 3), "coordinatorKeys": (4, 99)}}
SHORT = 300  # ms in which nothing may come


def b64(data):
    return base64.b64encode(data).decode()


def allowed(span, version):
    return not span or span[0] <= version <= span[1]


class Asker:
    """The process of AskRaw: connections to any broker."""

    def __init__(self):
        source = os.path.join(javatools.HERE, "AskRaw.java")
        args = javatools.JVM + ["-Dlog4j2.level=OFF", "-cp",
                                os.path.join(javatools.JARS, "*"), source]
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)

    def step(self, **what):
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "failed" not in answer, (what, answer)
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Side:
    """One of the two brokers, and everything it answered."""

    def __init__(self, asker, port, node, name):
        self.asker, self.port, self.node, self.name = asker, port, node, name
        self.log, self.ids, self.lines, self.asked = [], {}, set(), {}
        self.only = ""  # of lists of groups only those count whose names begin so
        self.served = {a["apiKey"]: (a["minVersion"], a["maxVersion"])
                       for a in self.ask(API_VERSIONS, 0, on="versions")["apiKeys"]}

    def begin(self):
        """A scenario begins: nothing is said yet."""
        for line in sorted(self.lines):
            self.asker.step(do="close", on=self.name + line)
        self.log, self.ids, self.lines, self.asked, self.only = [], {}, set(), {}, ""

    def send(self, key, version, body=None, on="a"):
        self.lines.add(on)
        self.asked[on] = self.asked.get(on, []) + ["%s v%d" % (NAMES.get(key, key), version)]
        self.asker.step(do="send", on=self.name + on, port=self.port, key=key, version=version,
                        body={k: v for k, v in (body or {}).items()
                              if allowed(FIELDS.get(key, {}).get(k), version)})

    def take(self, on="a", wait=20000, note=""):
        assert self.asked[on], "nothing was asked on " + on
        answer = self.asker.step(do="take", on=self.name + on, wait=wait)
        what = self.asked[on][0] if "silent" in answer else self.asked[on].pop(0)
        self.log.append("%s%s on %s: %s" % (what, note and " (%s)" % note, on, self.plain(answer)))
        return answer

    def waits(self, on="a"):
        """Nothing is answered yet."""
        assert "silent" in self.take(on, SHORT), self.log[-1]

    def ask(self, key, version, body=None, on="a", note=""):
        self.send(key, version, body, on)
        return self.take(on, note=note)

    def close(self, on):
        self.asker.step(do="close", on=self.name + on)
        del self.asked[on]

    def plain(self, answer):
        if self.only and "groups" in answer:
            answer = dict(answer, groups=[g for g in answer["groups"]
                                          if g.get("groupId", "").startswith(self.only)])
        text = UUID.sub(lambda m: self.ids.setdefault(m.group(), "ID%d" % (len(self.ids) + 1)),
                        json.dumps(answer, sort_keys=True))
        text = json.dumps(sort(json.loads(text)), sort_keys=True, ensure_ascii=False)
        text = text.replace('"nodeId": %d, "port": %d' % (self.node, self.port), "HERE")
        return re.sub(r"(.)\1{99,}", r"\1…", text)


def sort(value):
    """Members, groups and topics have no order; the words of an error are each side's own."""
    if isinstance(value, dict):
        if value.get("errorCode") and value.get("errorMessage"):
            value["errorMessage"] = "…"
        return {k: sort(v) for k, v in value.items() if k != "throttleTimeMs"}
    if isinstance(value, list):
        return sorted((sort(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


# ---- requests ------------------------------------------------------------------------------------

def join(group, member="", protocols=(("range", b"m"),), kind="consumer", instance=None,
         session=10000, rebalance=20000):
    return {"groupId": group, "sessionTimeoutMs": session, "rebalanceTimeoutMs": rebalance,
            "memberId": member, "groupInstanceId": instance, "protocolType": kind,
            "protocols": [{"name": n, "metadata": b64(m)} for n, m in protocols],
            "reason": "why"}


def sync(group, member, generation, assignments=(), instance=None, kind=None, name=None):
    return {"groupId": group, "generationId": generation, "memberId": member,
            "groupInstanceId": instance, "protocolType": kind, "protocolName": name,
            "assignments": [{"memberId": m, "assignment": b64(a)} for m, a in assignments]}


def heartbeat(group, member, generation, instance=None):
    return {"groupId": group, "generationId": generation, "memberId": member,
            "groupInstanceId": instance}


def leave(group, member="", *members):
    """members: (member id, instance id)"""
    return {"groupId": group, "memberId": member,
            "members": [{"memberId": m, "groupInstanceId": i, "reason": "why"}
                        for m, i in members]}


def commit(group, rows, member="", generation=-1, instance=None, retention=-1):
    """rows: (topic, partition, offset, metadata)"""
    topics = {}
    for topic, partition, offset, metadata in rows:
        topics.setdefault(topic, []).append(
            {"partitionIndex": partition, "committedOffset": offset, "committedLeaderEpoch": -1,
             "committedMetadata": metadata})
    return {"groupId": group, "generationIdOrMemberEpoch": generation, "memberId": member,
            "groupInstanceId": instance, "retentionTimeMs": retention,
            "topics": [{"name": t, "partitions": p} for t, p in topics.items()]}


def fetch(group, topics, stable=False):
    """topics: {name: [partitions]} or None; the shapes of all versions."""
    rows = None if topics is None else [{"name": t, "partitionIndexes": p}
                                        for t, p in topics.items()]
    return {"groupId": group, "topics": rows, "requireStable": stable,
            "groups": [{"groupId": group, "memberId": None, "memberEpoch": -1, "topics": rows}]}


def describe(*groups):
    return {"groups": list(groups), "includeAuthorizedOperations": False}


def listing(states=(), types=()):
    return {"statesFilter": list(states), "typesFilter": list(types)}


def offset_delete(group, topics):
    return {"groupId": group, "topics": [
        {"name": t, "partitions": [{"partitionIndex": p} for p in ps]} for t, ps in topics.items()]}


def create(side, name, partitions):
    side.ask(CREATE_TOPICS, 5, {"topics": [
        {"name": name, "numPartitions": partitions, "replicationFactor": 1, "assignments": [],
         "configs": []}], "timeoutMs": 20000, "validateOnly": False}, on="admin")


def have_coordinator(side):
    """__consumer_offsets is made by the first question, and led a little later."""
    def led():
        side.send(FIND_COORDINATOR, 0, {"key": "g"}, on="admin")
        if side.take("admin")["errorCode"]:
            return False
        side.send(LIST, 0, {}, on="admin")
        return side.take("admin")["errorCode"] == 0

    until("groups have a coordinator", led)
    until("its partitions are led", lambda: all(
        not side.ask(OFFSET_FETCH, 5, fetch("g%d" % i, None), on="admin")["errorCode"]
        for i in range(60)))
