"""Groups: the same requests to kdeck-broker and to Apache Kafka, the good and the bad, in every
version that both serve; answers are compared field by field."""
import struct

import javatools
from javatools import Kafka

javatools.need_kafka()
try:
    javatools.need_compiler()
except javatools.kdecktest.Skip as why:
    javatools.skip_all(str(why))

from askraw import (  # noqa: E402
    DELETE_GROUPS, DESCRIBE, FIND_COORDINATOR, HEARTBEAT, JOIN, LEAVE, LIST, OFFSET_COMMIT,
    OFFSET_DELETE, OFFSET_FETCH, SYNC, Asker, Side, commit, create, describe, fetch,
    have_coordinator, heartbeat, join, leave, listing, offset_delete, sync)
from kdecktest import Broker  # noqa: E402

SETTINGS = {"group.max.size": 3, "group.initial.rebalance.delay.ms": 0}
KOREAN = "재고-그룹-🚚"
LONG = "g" * 10000


def versions(s, key):
    ours, theirs = us.served[key], them.served[key]
    return range(max(ours[0], theirs[0]), min(ours[1], theirs[1]) + 1)


def subscription(*topics):
    """As Java's consumers write it, version 0."""
    out = struct.pack(">hi", 0, len(topics))
    for t in topics:
        out += struct.pack(">h", len(t)) + t.encode()
    return out + struct.pack(">i", -1)


def member_id(s, group, on="a", **rest):
    """An id that was handed out and is not used yet."""
    return s.ask(JOIN, 5, join(group, **rest), on)["memberId"]


def only_member(s, group, on="a", version=5, metadata=b"m", **rest):
    """(id, generation) of a member of a stable group of one."""
    one = member_id(s, group, on)
    told = s.ask(JOIN, version, join(group, one, protocols=[("range", metadata)], **rest), on)
    s.ask(SYNC, 3, sync(group, one, told["generationId"], [(one, b"assigned")]), on)
    return one, told["generationId"]


def two_members(s, group, metadata=b"m"):
    """(first, second, generation) of a stable group; the first leads, on lines a and b."""
    one, _ = only_member(s, group, "a", metadata=metadata)
    two = member_id(s, group, "b")
    s.send(JOIN, 5, join(group, two, protocols=[("range", metadata)]), "b")
    s.waits("b")
    s.ask(JOIN, 5, join(group, one, protocols=[("range", metadata)]), "a")
    generation = s.take("b")["generationId"]
    s.send(SYNC, 3, sync(group, two, generation), "b")
    s.waits("b")
    s.ask(SYNC, 3, sync(group, one, generation, [(one, b"for one"), (two, b"for two")]), "a")
    s.take("b")
    return one, two, generation


def same_find(s):
    """FindCoordinator: groups, transactions' key types, empty and odd names"""
    for v in versions(s, FIND_COORDINATOR):
        for name in ("g", "", KOREAN, LONG):
            for kind in (0, 9) if v else (0,):
                s.ask(FIND_COORDINATOR, v, {"key": name, "keyType": kind,
                                            "coordinatorKeys": [name]}, note=name[:9])


def same_join_versions(s):
    """JoinGroup of one member in every version, with SyncGroup, Heartbeat and LeaveGroup"""
    for v in versions(s, JOIN):
        group = "join%d" % v
        told = s.ask(JOIN, v, join(group))
        if told["errorCode"] == 79:
            told = s.ask(JOIN, v, join(group, told["memberId"]))
        one, generation = told["memberId"], told["generationId"]
        s.ask(JOIN, v, join(group, one), note="again while completing")
        s.ask(DESCRIBE, 5, describe(group), note="completing")
        w = min(v, versions(s, SYNC)[-1])
        named = {"kind": "consumer", "name": "range"}
        s.ask(SYNC, w, sync(group, one, generation, [(one, b"x"), ("who", b"y")], **named))
        s.ask(SYNC, w, sync(group, one, generation, **named), note="again while stable")
        s.ask(DESCRIBE, 5, describe(group), note="stable")
        s.ask(HEARTBEAT, min(v, 4), heartbeat(group, one, generation))
        s.ask(LEAVE, min(v, 5), leave(group, one, (one, None)))
        s.ask(DESCRIBE, 5, describe(group), note="empty")


def same_join_bad(s):
    """JoinGroup that is refused, in every version"""
    for v in versions(s, JOIN):
        for group in "", KOREAN + str(v), LONG + str(v):
            s.ask(JOIN, v, join(group), note=group[:9])
        s.ask(JOIN, v, join("none%d" % v, "who"), note="unknown member of no group")
        for session in (0, -1, 5999, 1800001):
            s.ask(JOIN, v, join("none%d" % v, session=session), note="session %d" % session)
        s.ask(JOIN, v, join("none%d" % v, kind=""), note="no kind")
        s.ask(JOIN, v, join("none%d" % v, protocols=[]), note="no protocols")
        s.ask(JOIN, v, join("none%d" % v, protocols=[("", b"")]), note="empty protocol")
        s.ask(JOIN, v, join("none%d" % v, rebalance=-1), note="no rebalance time-out")
        s.ask(DESCRIBE, 5, describe("none%d" % v))
        group = "some%d" % v
        only_member(s, group)
        s.ask(JOIN, v, join(group, "who"), note="unknown member")
        s.ask(JOIN, v, join(group, kind="connect"), note="foreign kind")
        s.ask(JOIN, v, join(group, kind=""), note="no kind")
        s.ask(JOIN, v, join(group, protocols=[("sticky", b"")]), note="no common protocol")
        s.ask(JOIN, v, join(group, protocols=[]), note="no protocols")
        if v >= 5:
            s.ask(JOIN, v, join(group, "who", instance="i"), note="unknown instance")
        s.ask(DESCRIBE, 5, describe(group))


def same_kind_changes(s):
    """an empty group takes members of another kind"""
    one, generation = only_member(s, "kinds")
    s.ask(LEAVE, 0, leave("kinds", one))
    s.ask(DESCRIBE, 5, describe("kinds"))
    two = member_id(s, "kinds", kind="connect", protocols=[("eager", b"e")])
    s.ask(JOIN, 5, join("kinds", two, kind="connect", protocols=[("eager", b"e")]))
    s.ask(DESCRIBE, 5, describe("kinds"))
    s.ask(JOIN, 5, join("kinds", one), note="who left")


def same_no_common(s):
    """two members agree on what both know; a third that knows neither is refused"""
    one, _ = only_member(s, "agree")
    s.send(JOIN, 5, join("agree", one, protocols=[("range", b"1"), ("sticky", b"2")]))
    s.take()
    two = member_id(s, "agree", "b", protocols=[("sticky", b"")])
    s.send(JOIN, 5, join("agree", two, protocols=[("sticky", b"3"), ("other", b"4")]), "b")
    s.waits("b")
    s.ask(HEARTBEAT, 3, heartbeat("agree", one, 2), "c", note="rebalancing")
    s.ask(JOIN, 5, join("agree", one, protocols=[("range", b"1"), ("sticky", b"2")]))
    s.take("b")
    s.ask(JOIN, 5, join("agree", protocols=[("range", b"1")]), "c")
    s.ask(DESCRIBE, 5, describe("agree"), "c")


def same_rebalance(s):
    """requests of the old generation while members join and while they wait for their leader"""
    one, two, generation = two_members(s, "turn")
    row = [("t", 0, 5, "m")]
    s.ask(JOIN, 5, join("turn", two), "b", note="follower, unchanged")
    s.send(JOIN, 5, join("turn", one), "a")
    s.waits("a")
    for v in versions(s, HEARTBEAT):
        s.ask(HEARTBEAT, v, heartbeat("turn", two, generation), "b", note="preparing")
    s.ask(HEARTBEAT, 3, heartbeat("turn", two, generation - 1), "b", note="older")
    s.ask(HEARTBEAT, 3, heartbeat("turn", two, generation + 1), "b", note="newer")
    for v in versions(s, SYNC):
        for g in generation, generation - 1:
            s.ask(SYNC, v, sync("turn", two, g, kind="consumer", name="range"), "b",
                  note="preparing")
    s.ask(OFFSET_COMMIT, 7, commit("turn", row, two, generation), "b", note="preparing")
    s.ask(OFFSET_COMMIT, 7, commit("turn", row, two, generation - 1), "b", note="older")
    s.ask(OFFSET_COMMIT, 7, commit("turn", row), "b", note="from outside")
    s.ask(DESCRIBE, 5, describe("turn"), "c", note="preparing")
    # Of a request that was repeated the first is not compared: Kafka leaves it without an answer.
    s.close("a")
    s.send(JOIN, 5, join("turn", one), "c")
    s.waits("c")
    s.ask(JOIN, 5, join("turn", two), "b")
    s.take("c")
    generation += 1
    for v in versions(s, HEARTBEAT):
        s.ask(HEARTBEAT, v, heartbeat("turn", two, generation), "b", note="completing")
    s.ask(HEARTBEAT, 3, heartbeat("turn", two, generation - 1), "b", note="older")
    s.ask(OFFSET_COMMIT, 7, commit("turn", row, two, generation), "b", note="completing")
    s.ask(OFFSET_COMMIT, 7, commit("turn", row, two, generation - 1), "b", note="older")
    s.ask(DESCRIBE, 5, describe("turn"), "d", note="completing")
    s.send(SYNC, 3, sync("turn", two, generation), "b")
    s.waits("b")
    s.close("b")
    s.send(SYNC, 3, sync("turn", two, generation), "d")
    s.waits("d")
    s.send(JOIN, 5, join("turn", two, protocols=[("range", b"new")]), "b")
    s.take("d", note="rebalance while waiting")
    s.waits("b")
    s.ask(JOIN, 5, join("turn", one), "a")
    s.take("b")


def same_sync(s):
    """SyncGroup: odd protocol names, unknown members, no group, twice"""
    for v in versions(s, SYNC):
        group = "sync%d" % v
        one = member_id(s, group)
        generation = s.ask(JOIN, 5, join(group, one))["generationId"]
        if v >= 5:
            for kind, name in (("connect", None), (None, "sticky"), ("connect", "sticky"),
                               ("consumer", "sticky"), ("", ""), (None, None), (None, "range"),
                               ("consumer", None)):
                s.ask(SYNC, v, sync(group, one, generation, kind=kind, name=name),
                      note="%s %s" % (kind, name))
            s.ask(SYNC, v, sync(group, one, generation - 1), note="nothing named, old")
            s.ask(SYNC, v, sync("", "who", 1), note="nothing named, no group")
        named = {"kind": "consumer", "name": "range"}
        for who in "who", "":
            s.ask(SYNC, v, sync(group, who, generation, **named), note="unknown member")
        for other in "absent", "", LONG:
            s.ask(SYNC, v, sync(other, "who", 1, **named), note=other[:9])
        s.ask(SYNC, v, sync(group, one, -1, **named), note="no generation")
        s.ask(SYNC, v, sync(group, one, generation - 1, **named), note="old generation")
        s.ask(SYNC, v, sync(group, one, generation, [(one, b"1"), (one, b"2")], **named),
              note="one twice")
        s.ask(SYNC, v, sync(group, one, generation, [(one, b"3")], **named), note="too late")
        s.ask(LEAVE, 0, leave(group, one))
        s.ask(SYNC, v, sync(group, one, generation, **named), note="empty group")
    one = member_id(s, "sync")
    s.ask(JOIN, 5, join("sync", one))
    s.ask(SYNC, 3, sync("sync", one, 1, [(one, b"x" * (2 << 20))]), note="too large for the log")
    s.ask(HEARTBEAT, 3, heartbeat("sync", one, 1), note="after that")
    s.ask(JOIN, 5, join("sync", one), note="after that")


def same_heartbeat(s):
    """Heartbeat: unknown, foreign, empty, old"""
    one, generation = only_member(s, "beat")
    for v in versions(s, HEARTBEAT):
        for group in ("beat", "absent", "", KOREAN, LONG):
            for who in (one, "who", ""):
                for g in (generation, generation - 1, -1):
                    s.ask(HEARTBEAT, v, heartbeat(group, who, g),
                          note="%s %s" % (group[:9], g))
        if v >= 3:
            s.ask(HEARTBEAT, v, heartbeat("beat", one, generation, "i"), note="no such instance")
    s.ask(HEARTBEAT, 3, heartbeat("beat", member_id(s, "beat", "b"), generation), note="pending")
    s.ask(LEAVE, 0, leave("beat", one))
    s.ask(HEARTBEAT, 3, heartbeat("beat", one, generation), note="empty group")


def same_leave(s):
    """LeaveGroup: several, unknown, pending, by instance"""
    for v in versions(s, LEAVE):
        group = "leave%d" % v
        s.ask(LEAVE, v, leave("absent", "who", ("who", None)), note="no group")
        s.ask(LEAVE, v, leave("", "who", ("who", None)), note="no name")
        one, _ = only_member(s, group)
        s.ask(LEAVE, v, leave(group, "", ("", None)), note="nobody")
        s.ask(LEAVE, v, leave(group, "who", ("who", None), ("who", "i"), ("", "i")),
              note="unknown")
        waiting = member_id(s, group, "b")
        s.ask(LEAVE, v, leave(group, waiting, (waiting, None)), note="pending")
        s.ask(LEAVE, v, leave(group, one, (one, None), (one, None)), note="twice in one")
        s.ask(LEAVE, v, leave(group, one, (one, None)), note="gone")
        if v >= 3:
            s.ask(LEAVE, v, leave(group), note="an empty list")
    s.ask(DESCRIBE, 5, describe("leave1", "leave3"))


def same_static(s):
    """static members: a new id in the old place, fencing, leaving by instance"""
    for v in range(5, versions(s, JOIN)[-1] + 1):
        group = "static%d" % v
        told = s.ask(JOIN, v, join(group, instance="i"))
        one, generation = told["memberId"], told["generationId"]
        s.ask(SYNC, 3, sync(group, one, generation, [(one, b"x")], instance="i"))
        s.ask(DESCRIBE, 5, describe(group))
        told = s.ask(JOIN, v, join(group, instance="i"), note="back")
        two = told["memberId"]
        s.ask(JOIN, v, join(group, one, instance="i"), note="the old id")
        s.ask(SYNC, 3, sync(group, one, generation, instance="i"), note="the old id")
        s.ask(HEARTBEAT, 3, heartbeat(group, one, generation, "i"), note="the old id")
        s.ask(HEARTBEAT, 3, heartbeat(group, one, generation), note="the old id alone")
        s.ask(OFFSET_COMMIT, 7, commit(group, [("t", 0, 1, "")], one, generation, "i"),
              note="the old id")
        s.ask(LEAVE, 5, leave(group, "", (one, "i")), note="the old id")
        s.ask(HEARTBEAT, 3, heartbeat(group, two, generation, "i"))
        s.ask(HEARTBEAT, 3, heartbeat(group, two, generation), note="without instance")
        s.ask(SYNC, 3, sync(group, two, generation, instance="i"))
        s.ask(OFFSET_COMMIT, 7, commit(group, [("t", 0, 1, "")], two, generation, "i"))
        s.ask(OFFSET_COMMIT, 7, commit(group, [("t", 0, 1, "")], two, generation, "j"),
              note="another instance")
        told = s.ask(JOIN, v, join(group, protocols=[("range", b"new")], instance="i"),
                     note="back with other topics")
        s.ask(DESCRIBE, 5, describe(group))
        s.ask(LEAVE, 5, leave(group, "", ("", "i")), note="by instance")
        s.ask(LEAVE, 5, leave(group, "", ("", "i")), note="gone")
        s.ask(DESCRIBE, 5, describe(group))
    s.ask(JOIN, 5, join("static", instance=""), note="empty instance")
    s.ask(JOIN, 5, join("static", instance="i" * 10000), note="long instance")


def same_static_rebalance(s):
    """a static follower that comes back within a rebalance and outside of one"""
    group = "statics"
    one = s.ask(JOIN, 5, join(group, instance="one"), "a")["memberId"]
    s.ask(SYNC, 3, sync(group, one, 1, [(one, b"x")], instance="one"), "a")
    s.send(JOIN, 5, join(group, instance="two"), "b")
    s.waits("b")
    s.ask(JOIN, 5, join(group, one, instance="one"), "a")
    two = s.take("b")["memberId"]
    s.send(SYNC, 3, sync(group, two, 2, instance="two"), "b")
    s.waits("b")
    s.send(JOIN, 5, join(group, instance="two"), "c")
    s.take("b", note="fenced while it waits")
    s.waits("c")
    s.ask(JOIN, 5, join(group, one, instance="one"), "a")
    two = s.take("c")["memberId"]
    s.send(SYNC, 3, sync(group, two, 3, instance="two"), "c")
    s.waits("c")
    s.ask(SYNC, 3, sync(group, one, 3, [(one, b"1"), (two, b"2")], instance="one"), "a")
    s.take("c")
    s.ask(JOIN, 5, join(group, instance="two"), "d", note="follower is back")
    s.ask(DESCRIBE, 5, describe(group), "d")
    s.ask(LEAVE, 5, leave(group, "", ("", "one"), ("", "two"), ("", "three")), "d")
    s.ask(DESCRIBE, 5, describe(group), "d")


def same_max_size(s):
    """group.max.size: a fourth member is refused"""
    group = "full"
    members = []
    for i, on in enumerate("abc"):
        members.append(member_id(s, group, on))
        s.send(JOIN, 5, join(group, members[-1]), on)
        if i == 0:
            s.take(on)
            s.ask(SYNC, 3, sync(group, members[0], 1, [(members[0], b"")]), on)
    s.send(JOIN, 5, join(group, members[0]), "a")
    for on in "abc":
        s.take(on)
    for v in versions(s, JOIN):
        s.ask(JOIN, v, join(group), "d", note="a fourth")
    s.ask(JOIN, 5, join(group, "who"), "d", note="unknown")
    s.ask(JOIN, 5, join(group, instance="i"), "d", note="static")
    s.ask(DESCRIBE, 5, describe(group), "d")


def same_commit(s):
    """OffsetCommit: unknown topics and partitions, metadata, generations, empty names"""
    for v in versions(s, OFFSET_COMMIT):
        group = "commit%d" % v
        rows = [("t", 0, 5, "m"), ("t", 9, 5, "m"), ("absent", 0, 5, "m"), ("t", 1, 7, None),
                ("", 0, 1, "")]
        s.ask(OFFSET_COMMIT, v, commit(group, rows), note="simple")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, 6, "x" * 4096)]), note="4096")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, 7, "x" * 4097), ("t", 1, 7, "")]),
              note="4097")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, 8, "한" * 2000)]), note="6000 bytes")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, -1, ""), ("t", 1, -5, "")]),
              note="negative")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", -1, 1, "")]), note="partition -1")
        s.ask(OFFSET_COMMIT, v, commit(group, []), note="nothing")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, 9, "")], generation=1), note="generation")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, 9, "")], "who"), note="member")
        s.ask(OFFSET_COMMIT, v, commit(group, [("t", 0, 9, "")], "who", 3), note="both")
        s.ask(OFFSET_COMMIT, v, commit("new%d" % v, [("t", 0, 9, "")], "who", 3), note="no group")
        s.ask(OFFSET_COMMIT, v, commit("newer%d" % v, [("t", 0, 9, "")], "who"), note="no group")
        s.ask(OFFSET_COMMIT, v, commit("", [("t", 0, 9, "")]), note="no name")
        s.ask(OFFSET_COMMIT, v, commit(KOREAN, [("t", 0, 9, "한글")]), note="Korean")
        s.ask(OFFSET_COMMIT, v, commit(LONG, [("t", 0, 9, "")]), note="long")
        for name in group, "", KOREAN, LONG, "new%d" % v, "newer%d" % v:
            s.ask(OFFSET_FETCH, 5, fetch(name, None), note=name[:9])
        s.ask(DESCRIBE, 5, describe(group, ""))


def same_commit_members(s):
    """OffsetCommit to a group that has members"""
    one, generation = only_member(s, "reads")
    rows = [("t", 0, 5, "m")]
    for v in versions(s, OFFSET_COMMIT):
        for who, g in ((one, generation), (one, generation - 1), (one, generation + 1), (one, -1),
                       ("who", generation), ("who", -1), ("", generation), ("", -1)):
            s.ask(OFFSET_COMMIT, v, commit("reads", rows, who, g), note="%d" % g)
        if v >= 7:
            s.ask(OFFSET_COMMIT, v, commit("reads", rows, one, generation, "i"), note="instance")
            s.ask(OFFSET_COMMIT, v, commit("reads", rows, "", -1, "i"), note="instance alone")
    waiting = member_id(s, "reads", "b")
    s.ask(OFFSET_COMMIT, 7, commit("reads", rows, waiting, generation), note="pending")
    s.ask(LEAVE, 0, leave("reads", one))
    s.ask(OFFSET_COMMIT, 7, commit("reads", rows, one, generation), note="left")
    s.ask(OFFSET_COMMIT, 7, commit("reads", rows, one, -1), note="left, no generation")
    s.ask(OFFSET_COMMIT, 7, commit("reads", rows), note="from outside")


def same_fetch(s):
    """OffsetFetch: all, some, unknown, several groups, stable only, in every version"""
    s.ask(OFFSET_COMMIT, 5, commit("held", [("t", 0, 5, "m"), ("t", 1, 6, ""), ("u", 0, 7, "n")]))
    for v in versions(s, OFFSET_FETCH):
        for topics in ({"t": [0, 1, 7], "absent": [0], "u": []}, {"t": [0, 0]}, {}, None):
            if topics is None and v < 2:
                continue
            for stable in (False, True) if v >= 7 else (False,):
                for group in "held", "absent", "", KOREAN, LONG:
                    s.ask(OFFSET_FETCH, v, fetch(group, topics, stable),
                          note="%s %s" % (group[:9], topics))
        if v >= 8:
            rows = [{"topics": [{"name": "t", "partitionIndexes": [0]}], "groupId": g,
                     "memberId": None, "memberEpoch": -1} for g in ("held", "absent", "held")]
            s.ask(OFFSET_FETCH, v, {"groups": rows, "requireStable": False}, note="several")
            s.ask(OFFSET_FETCH, v, {"groups": [], "requireStable": False}, note="none")
        if v >= 9:
            for who, epoch in (("who", 1), ("who", -1), (None, 3), ("", 0)):
                rows = [{"topics": None, "groupId": "held", "memberId": who, "memberEpoch": epoch}]
                s.ask(OFFSET_FETCH, v, {"groups": rows, "requireStable": False}, note="member")


def same_list(s):
    """ListGroups: states and types, good and bad"""
    s.only = "list-"
    only_member(s, "list-one")
    s.ask(OFFSET_COMMIT, 5, commit("list-simple", [("t", 0, 5, "m")]))
    member_id(s, "list-only-an-id", "b")
    for v in versions(s, LIST):
        s.ask(LIST, v, listing())
        if v >= 4:
            for states in (["Stable"], ["stable"], ["STABLE", "Empty"], ["Empty"], ["nonsense"],
                           ["nonsense", "Stable"], [""], ["Dead"], ["PreparingRebalance"],
                           ["Preparing_Rebalance"], ["Assigning"]):
                s.ask(LIST, v, listing(states), note=str(states))
        if v >= 5:
            for types in (["classic"], ["Classic"], ["consumer"], ["nonsense"], ["simple"], [""],
                          ["consumer", "classic"]):
                s.ask(LIST, v, listing([], types), note=str(types))
            s.ask(LIST, v, listing(["Empty"], ["classic"]))


def same_describe(s):
    """DescribeGroups: states, unknown and odd names, twice the same"""
    one, two, _ = two_members(s, "shown")
    s.ask(OFFSET_COMMIT, 5, commit("only-offsets", [("t", 0, 5, "m")]))
    member_id(s, "only-id", "c")
    for v in versions(s, DESCRIBE):
        s.ask(DESCRIBE, v, describe("shown", "only-offsets", "only-id", "absent", "", KOREAN))
        s.ask(DESCRIBE, v, describe(LONG))
        s.ask(DESCRIBE, v, describe("shown", "shown"))
        s.ask(DESCRIBE, v, describe())
        if v >= 3:
            s.ask(DESCRIBE, v, dict(describe("shown", "absent", ""),
                                    includeAuthorizedOperations=True), note="operations")


def same_delete_groups(s):
    """DeleteGroups: empty, live, unknown, twice in one"""
    for v in versions(s, DELETE_GROUPS):
        s.ask(OFFSET_COMMIT, 5, commit("old%d" % v, [("t", 0, 5, "m")]))
        one, _ = only_member(s, "live%d" % v)
        s.ask(DELETE_GROUPS, v, {"groupsNames": ["old%d" % v, "live%d" % v, "absent", "", KOREAN]})
        s.ask(DELETE_GROUPS, v, {"groupsNames": ["old%d" % v]}, note="gone")
        s.ask(DELETE_GROUPS, v, {"groupsNames": []}, note="none")
        s.ask(LEAVE, 0, leave("live%d" % v, one))
        s.ask(DELETE_GROUPS, v, {"groupsNames": ["live%d" % v, "live%d" % v]}, note="twice")
        s.ask(HEARTBEAT, 0, heartbeat("live%d" % v, one, 1))
        s.ask(OFFSET_FETCH, 5, fetch("old%d" % v, None))
        member_id(s, "id%d" % v)
        s.ask(DELETE_GROUPS, v, {"groupsNames": ["id%d" % v]}, note="with a pending member")


def same_offset_delete(s):
    """OffsetDelete: subscribed, free, unknown; groups without members, of other kinds"""
    one, generation = only_member(s, "sub", metadata=subscription("t"))
    rows = [("t", 0, 5, "m"), ("t", 1, 6, "m"), ("u", 0, 7, "n")]
    s.ask(OFFSET_COMMIT, 7, commit("sub", rows, one, generation))
    every = {"t": [0, 1, 9], "u": [0, 5], "absent": [0]}
    s.ask(OFFSET_DELETE, 0, offset_delete("sub", every), note="stable")
    s.ask(OFFSET_FETCH, 5, fetch("sub", None))
    s.ask(OFFSET_DELETE, 0, offset_delete("sub", {}), note="nothing")
    s.ask(OFFSET_DELETE, 0, offset_delete("sub", {"": [0], "t": []}), note="odd")
    s.send(JOIN, 5, join("sub", member_id(s, "sub", "b"),
                         protocols=[("range", subscription("u"))]), "b")
    s.waits("b")
    # Of what joining members will read Kafka knows nothing yet and forgets it; we do not.
    s.ask(OFFSET_DELETE, 0, offset_delete("sub", {"t": [0]}), note="preparing")
    s.ask(JOIN, 5, join("sub", one, protocols=[("range", subscription("t"))]))
    s.take("b")
    s.ask(OFFSET_DELETE, 0, offset_delete("sub", {"t": [0], "u": [0]}), note="completing")
    for group in "absent", "", KOREAN:
        s.ask(OFFSET_DELETE, 0, offset_delete(group, every), note=group)
        s.ask(OFFSET_DELETE, 0, offset_delete(group, {"absent": [0]}), note=group)
        s.ask(OFFSET_DELETE, 0, offset_delete(group, {}), note=group)
    s.ask(OFFSET_COMMIT, 5, commit("free", rows))
    s.ask(OFFSET_DELETE, 0, offset_delete("free", every), note="simple group")
    s.ask(OFFSET_FETCH, 5, fetch("free", None))
    s.ask(DESCRIBE, 5, describe("free"), note="nothing left")
    two = member_id(s, "other", kind="connect")
    s.ask(JOIN, 5, join("other", two, kind="connect"))
    s.ask(OFFSET_DELETE, 0, offset_delete("other", every), note="another kind")
    s.ask(LEAVE, 0, leave("other", two))
    s.ask(OFFSET_DELETE, 0, offset_delete("other", every), note="empty, another kind")
    three, _ = only_member(s, "odd", metadata=b"m")
    s.ask(OFFSET_DELETE, 0, offset_delete("odd", every), note="unreadable subscription")


def apart(a, b):
    """Two answers around the place where they differ first."""
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), 0)
    span = slice(max(at - 80, 0), at + 160)
    return "%s\n  ours:  %s\n  Kafka: %s" % (a.split(": ")[0], a[span], b[span])


def compared(scenario):
    def test():
        logs = []
        for side in us, them:
            side.begin()
            scenario(side)
            logs.append(side.log)
        wrong = [apart(*pair) for pair in zip(*logs) if pair[0] != pair[1]]
        assert not wrong, "%d of %d differ:\n%s" % (len(wrong), len(logs[0]), "\n".join(wrong))
        assert len(logs[0]) == len(logs[1])

    test.__doc__ = scenario.__doc__
    return test


for name in [n for n in vars() if n.startswith("same_")]:
    vars()["test_" + name[5:]] = compared(vars()[name])

asker = Asker()
try:
    with Broker(**{k.replace(".", "_"): v for k, v in SETTINGS.items()}) as ours, \
            Kafka(**SETTINGS) as theirs:
        us, them = Side(asker, ours.port, 0, "us-"), Side(asker, theirs.port, 1, "them-")
        for side in us, them:
            create(side, "t", 2)
            create(side, "u", 1)
            have_coordinator(side)
        javatools.kdecktest.main()
finally:
    asker.close()
