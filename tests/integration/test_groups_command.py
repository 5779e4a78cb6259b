"""kdeck groups on a running broker: lists, descriptions, resets, deletions, and what is refused."""
import json
import os
import re
import subprocess
import sys
import tempfile

import kdecktest
from kdeckcli import DONE, KDECK, NO, USAGE
from kdecktest import Broker, until

MEMBER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "groupmember.py")


def call(name, *args, stdin=b"", code=DONE):
    done = subprocess.run([KDECK, name, "-b", broker.address, *args], input=stdin,
                          capture_output=True, timeout=kdecktest.DEADLINE)
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, (name, args, done.returncode, done.out, done.err)
    return done


def groups(*args, code=DONE, err=None):
    said = call("groups", *args, code=code)
    if err is None:
        assert not said.err, said.err
    else:
        assert re.search(err, said.err), said.err
    return said.out


def table(text):
    """Rows of a table as dictionaries by column."""
    lines = [line.strip() for line in text.splitlines() if line]
    head = lines[0].replace("COORDINATOR (ID)", "COORDINATOR").split()
    return [dict(zip(head, line.replace("  (", "(").split(None, len(head) - 1)))
            for line in lines[1:]]


def topic(name, partitions, records):
    call("topics", "--create", "--topic", name, "--partitions", str(partitions))
    if records:
        call("produce", "--topic", name, "--partitioner", "round-robin",
             stdin=b"".join(b"%d\n" % i for i in range(records)))
    out = call("get-offsets", "--topic", name).out
    return [int(line.rsplit(":", 1)[1]) for line in out.splitlines()]


def reset(group, *args, **more):
    return groups("--reset-offsets", "--group", group, *args, **more)


def offsets(group):
    said = call("groups", "--describe", "--group", group, "--json")
    return {(o["topic"], o["partition"]): (o["currentOffset"], o["lag"])
            for o in json.loads(said.out)}


def test_snapshot():
    """the page and the object have what a description has, and what to think of it"""
    ends = topic("snap", 2, 50)
    reset("snapper", "--topic", "snap", "--to-offset", "10", "--execute")
    lag = sum(ends) - 20
    page = json.loads(call("snapshot", "--json").out)
    g = {g["groupId"]: g for g in page["groups"]}["snapper"]
    assert (g["groupState"], g["members"], g["lag"], g["verdict"]) == \
        ("Empty", 0, lag, "stopped"), g
    assert "the group has no member" in g["reason"] and g["catchUp"] == "never", g
    assert {(p["topic"], p["partition"]): (p["currentOffset"], p["lag"])
            for p in g["partitions"]} == offsets("snapper"), g
    assert {t["topic"]: (t["groups"], t["lag"]) for t in page["topics"]}["snap"] == (1, lag), page
    row = [line.split() for line in call("snapshot").out.splitlines() if " snapper " in line][0]
    assert row[:4] == ["snapper", "Empty", "0", str(lag)] and "stopped" in row, row


def test_reset_and_describe():
    """a reset shows first, then does; a description has offsets, ends and lag"""
    ends = topic("r", 2, 100)
    preview = reset("g", "--topic", "r", "--to-offset", "10", err="nothing is changed without")
    assert [(row["TOPIC"], row["PARTITION"], row["NEW-OFFSET"], row["CURRENT-OFFSET"])
            for row in table(preview)] == [("r", "0", "10", "-"), ("r", "1", "10", "-")], preview
    assert table(preview)[0]["RECORDS"] == "%d to be read" % (ends[0] - 10), preview
    assert "g" not in groups("--list").split(), "a preview has made a group"
    assert preview == reset("g", "--topic", "r", "--to-offset", "10", "--execute")
    assert "g" in groups("--list").split()
    out = groups("--describe", "--group", "g", err="Consumer group 'g' has no active members")
    assert out.startswith("\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  "
                          "LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            "
                          "CLIENT-ID\n"), out
    rows = table(out)
    assert [(row["CURRENT-OFFSET"], int(row["LOG-END-OFFSET"]), int(row["LAG"]))
            for row in rows] == [("10", end, end - 10) for end in ends], out
    assert rows[0]["CONSUMER-ID"] == rows[0]["HOST"] == rows[0]["CLIENT-ID"] == "-", out
    state = table(groups("--describe", "--group", "g", "--state", err="no active members"))[0]
    assert state["COORDINATOR"] == broker.address + "(0)" and state["STATE"] == "Empty", state
    assert state["#MEMBERS"] == "0", state
    listed = table(groups("--list", "--state", "--type"))
    assert {"GROUP": "g", "TYPE": "Classic", "STATE": "Empty"} in listed, listed
    assert "g" not in [row["GROUP"] for row in table(groups("--list", "--state", "stable"))]


def test_reset_targets():
    """every target, clamped to the log and said so"""
    ends = topic("t", 2, 60)
    both = ["--topic", "t", "--execute"]
    reset("w", *both, "--to-offset", "20")
    for args, want in [
            (["--to-earliest"], [0, 0]), (["--to-latest"], ends), (["--to-offset", "7"], [7, 7]),
            (["--shift-by", "5"], [12, 12]), (["--shift-by", "-2"], [10, 10]),
            (["--to-current"], [10, 10]), (["--by-duration", "PT1H"], [0, 0]),
            (["--to-datetime", "2001-01-01T00:00:00.000"], [0, 0])]:
        reset("w", *both, *args)
        assert [offsets("w")["t", p][0] for p in (0, 1)] == want, args
    reset("w", *both, "--to-datetime", "2199-01-01T00:00:00+09:00", err="no record is as young")
    assert [offsets("w")["t", p][1] for p in (0, 1)] == [0, 0]
    reset("w", *both, "--to-offset", "1000", err="t-1: offset 1000 is higher than the end of the")
    reset("w", *both, "--shift-by", "-1000", err="t-0: offset -%d is lower" % (1000 - ends[0]))
    assert [offsets("w")["t", p][0] for p in (0, 1)] == [0, 0]
    again = reset("w", "--topic", "t:1", "--to-offset", "9", "--dry-run")
    assert [(row["PARTITION"], row["RECORDS"]) for row in table(again)] == [
        ("1", "9 to be skipped")], again
    everything = reset("w", "--all-topics", "--to-latest", "--dry-run", "--json")
    assert json.loads(everything) == [
        {"groupId": "w", "topic": "t", "partition": p, "newOffset": ends[p], "currentOffset": 0}
        for p in (0, 1)], everything
    reset("w", "--topic", "t:0,1", "--topic", "t", "--to-latest", "--execute")
    assert offsets("w")["t", 1] == (ends[1], 0)
    back = reset("w", "--topic", "t:0", "--shift-by", "-3", "--dry-run")
    assert table(back)[0]["RECORDS"] == "3 to be read again", back


def test_reset_refused():
    """what cannot be is refused before anything is changed"""
    topic("no", 1, 5)
    to = ["--to-latest", "--execute"]
    for args, err in [
            (["--topic", "nope"], "topic nope: UNKNOWN_TOPIC_OR_PARTITION"),
            (["--topic", "no:7"], "partition no-7: UNKNOWN_TOPIC_OR_PARTITION"),
            (["--topic", "no", "--topic", "nope"], "topic nope")]:
        assert reset("x", *args, *to, code=NO, err=err) == ""
    assert reset("x", "--topic", "no", "--shift-by", "1", "--execute", code=NO,
                 err="nothing is committed") == ""
    assert "x" not in groups("--list").split()
    one = ["--topic", "no"]
    for args, err in [
            (one, "needs one of --to-earliest"),
            (["--to-latest"], "needs --topic or --all-topics"),
            (one + ["--to-latest", "--to-earliest"], "cannot be used together"),
            (one + ["--to-latest", "--dry-run", "--execute"], "--dry-run and --execute"),
            (one + ["--to-offset", "x"], "--to-offset x: a whole number"),
            (one + ["--by-duration", "1h"], "--by-duration 1h: a duration such as"),
            (one + ["--to-datetime", "2024-02-30T00:00:00"], "a time such as"),
            (one + ["--to-latest", "--members"], "--members cannot be used"),
            (["--topic", "no:x", "--to-latest"], "partitions were expected"),
            (["--topic", "no:", "--to-latest"], "NAME or NAME:0,1"),
            (one + ["--from-file", "x", "--to-latest"], "cannot be used together"),
            (one + ["--to-latest", "--export", "--json"], "cannot be used together")]:
        assert reset("x", *args, code=USAGE, err=err) == "", args


def plan_file(text):
    with open(os.path.join(folder, "plan.csv"), "w", encoding="utf-8") as f:
        f.write(text)
    return f.name


def test_plans_in_files():
    """what --export prints, --from-file reads; of one group and of several"""
    ends = topic("plans", 3, 60)
    second = "a_second_topic_with_a_long_name"
    topic(second, 1, 10)
    both = ["--topic", "plans", "--topic", second]
    out = reset("p 1", *both, "--to-offset", "4", "--execute", "--export")
    assert out == "\"%s\",0,4\n" % second + "".join("plans,%d,4\n" % p for p in range(3)) + "\n"
    reset("p2", "--topic", "plans:1", "--to-latest", "--execute")
    out = groups("--reset-offsets", "--group", "p 1", "--group", "p2", "--all-topics",
                 "--to-current", "--dry-run", "--export")
    assert out == ("\"p 1\",\"%s\",0,4\n" % second
                   + "".join("\"p 1\",plans,%d,4\n" % p for p in range(3))
                   + "p2,plans,1,%d\n\n" % ends[1]), out
    saved = plan_file(out)
    for group in "p 1", "p2":
        reset(group, "--all-topics", "--to-earliest", "--execute")
    groups("--reset-offsets", "--group", "p 1", "--group", "p2", "--from-file", saved, "--execute")
    assert offsets("p 1")["plans", 2][0] == 4 and offsets("p 1")[second, 0][0] == 4
    assert offsets("p2") == {("plans", 1): (ends[1], 0)}
    mixed = plan_file("plans,2,7\r\n\nplans,0, 1\n%s,0,1000\nplans,2,8\n" % second)
    out = reset("p 1", "--from-file", mixed, "--execute", "--json",
                err="higher than the end of the log")
    assert [(row["topic"], row["partition"], row["newOffset"]) for row in json.loads(out)] == [
        (second, 0, 10), ("plans", 0, 1), ("plans", 2, 8)], out
    assert reset("p 1", "--topic", "plans", "--from-file", mixed, "--dry-run", "--export",
                 err="the file names the topics").startswith("\"%s\",0,10\n" % second)
    for text, err in [
            ("", "there is no plan in it"), ("plans,0\n", "line 1: topic, partition and offset"),
            ("plans,0,1\np2,plans,0,1\n", "line 2: topic, partition and offset"),
            ("plans,x,1", "line 1: x is no partition"), ("plans,-1,1", "-1 is no partition"),
            ("plans,0,1.5", "line 1: 1.5 is no offset"), (",0,1", "line 1: a name is empty"),
            ("\"plans,0,1", "line 1: topic"), ("plans,9,1", "plans-9: UNKNOWN_TOPIC_OR_PARTITION"),
            ("other,plans,0,1", "no plan for group p 1")]:
        assert reset("p 1", "--from-file", plan_file(text), "--execute", code=NO, err=err) == ""
    assert reset("p 1", "--from-file", folder + "/none", "--execute", code=NO,
                 err="No such file") == ""
    assert groups("--reset-offsets", "--group", "p 1", "--group", "p2", "--from-file",
                  plan_file("plans,0,1"), "--execute", code=NO, err="lines name no group") == ""
    assert offsets("p 1")["plans", 2][0] == 8


def two_have_read():
    """Two members of the group live share the three partitions of l, and nothing is left."""
    if "live" not in groups("--list", "--state", "stable").split():
        return False
    said = subprocess.run([KDECK, "groups", "-b", broker.address, "--describe", "--group", "live",
                           "--json"], capture_output=True, timeout=kdecktest.DEADLINE)
    rows = json.loads(said.stdout)
    return ([(row["partition"], row["lag"]) for row in sorted(
        rows, key=lambda row: row["partition"])] == [(p, 0) for p in range(3)]
        and len({row["consumerId"] for row in rows}) == 2)


def test_live_group():
    """members with what they read; no reset, no deletion while they are there"""
    try:
        import kafka  # noqa: F401
    except ImportError:
        raise kdecktest.Skip("python3-kafka is not installed")
    ends = topic("l", 3, 90)
    members = [subprocess.Popen([sys.executable, MEMBER, broker.address, "live", "l", "range"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for _ in range(2)]
    try:
        until("two share and have read all", two_have_read)
        rows = table(groups("--describe", "--group", "live"))
        assert [row["LOG-END-OFFSET"] for row in rows] == [str(end) for end in ends], rows
        assert all(row["HOST"] == "/127.0.0.1" for row in rows), rows
        named = table(groups("--describe", "--group", "live", "--members", "--verbose"))
        assert sorted(row["#PARTITIONS"] for row in named) == ["1", "2"], named
        assert sorted(row["CURRENT-ASSIGNMENT"] for row in named) == ["l:0,1", "l:2"], named
        assert reset("live", "--topic", "l", "--to-earliest", "--execute", code=NO,
                     err="group live: NON_EMPTY_GROUP: .* 2 members") == ""
        assert groups("--delete", "--group", "live", code=NO, err="live: NON_EMPTY_GROUP") == ""
        out = groups("--delete-offsets", "--group", "live", "--topic", "l", code=NO, err="live")
        assert "GROUP_SUBSCRIBED_TO_TOPIC" in out, out
    finally:
        for member in members:
            member.terminate()
        for member in members:
            member.wait()
    until("nobody reads", lambda: "live" in groups("--list", "--state", "empty").split())
    reset("live", "--topic", "l", "--to-earliest", "--execute")
    assert offsets("live")["l", 0] == (0, ends[0])


def test_deleted():
    """offsets and groups are deleted; what is not there is said"""
    topic("d", 2, 10)
    for name in "d1", "d2", "\ud55c\uad6d":
        reset(name, "--topic", "d", "--to-latest", "--execute")
    out = groups("--delete-offsets", "--group", "d1", "--topic", "d:0")
    assert out == ("Request succeeded for deleting offsets from group d1.\n\n"
                   "TOPIC           PARTITION  STATUS         \n"
                   "d               0          Successful     \n"), out
    assert list(offsets("d1")) == [("d", 1)]
    groups("--delete-offsets", "--group", "nobody", "--topic", "d", code=NO,
           err="group nobody: GROUP_ID_NOT_FOUND")
    groups("--delete-offsets", "--group", "d1", "--topic", "nope", code=NO, err="see the list")
    out = groups("--delete", "--group", "d1", "--group", "nobody", code=NO,
                 err="group nobody: GROUP_ID_NOT_FOUND")
    assert out == "\nThese consumer groups were deleted successfully: 'd1'\n", out
    out = groups("--delete", "--group", "d2", "--group", "\ud55c\uad6d")
    assert out == ("Deletion of requested consumer groups ('d2', '\ud55c\uad6d') was "
                   "successful.\n"), out
    assert not {"d1", "d2", "\ud55c\uad6d"} & set(groups("--list").split())
    assert groups("--describe", "--group", "d1", code=NO, err="group d1: GROUP_ID_NOT_FOUND") == ""


def test_consumed():
    """consume --group goes on where it left off, and commits just what it has printed"""
    topic("c", 2, 50)
    read = ["--topic", "c", "--group", "reader", "--from-beginning"]
    seen = []
    for n in 7, 20:
        said = call("consume", *read, "--max-messages", str(n))
        assert "Processed a total of %d messages" % n in said.err, said.err
        seen += said.out.split()
        assert sum(at or 0 for at, _ in offsets("reader").values()) == len(seen)
    seen += call("consume", *read, "--timeout-ms", "4000").out.split()
    assert sorted(seen, key=int) == [str(i) for i in range(50)], seen
    assert [lag for _, lag in offsets("reader").values()] == [0, 0]
    state = table(groups("--describe", "--group", "reader", "--state", err="no active members"))
    assert state[0]["STATE"] == "Empty", "it did not leave: " + str(state)
    call("consume", "--topic", "c", "--group", "reader", "--partition", "0", code=USAGE)


def test_many_groups():
    """a hundred groups in one description"""
    topic("m", 4, 40)
    names = ["--group=m%d" % i for i in range(100)]
    groups("--reset-offsets", *names, "--topic", "m", "--to-latest", "--execute")
    rows = json.loads(groups("--describe", "--all-groups", "--json"))
    assert len([row for row in rows if row["topic"] == "m"]) == 400
    assert all(row["lag"] == 0 for row in rows if row["topic"] == "m")
    groups("--delete", *names)


def test_wrong_usage():
    """wrong options are refused with the reason"""
    for args, err in [
            ([], "one of --list, --describe"), (["--list", "--describe"], "cannot be used"),
            (["--describe"], "needs --group or --all-groups"), (["--delete"], "needs --group"),
            (["--list", "--group", "g"], "--group cannot be used with --list"),
            (["--describe", "--group", "g", "--members", "--state"], "one of --offsets"),
            (["--describe", "--group", "g", "--state", "Stable"], "takes no value"),
            (["--delete", "--group", "g", "--topic", "t"], "--topic cannot be used"),
            (["--delete", "--group", "g", "--dry-run"], "--dry-run cannot be used"),
            (["--delete-offsets", "--group", "g"], "needs --topic"),
            (["--list", "--state", "happy"], "--state happy"),
            (["--list", "--type", "share"], "--type share"),
            (["--list", "--timeout", "0"], "--timeout 0")]:
        assert groups(*args, code=USAGE, err=err) == "", args


with Broker(group_min_session_timeout_ms="1000") as broker, \
        tempfile.TemporaryDirectory(prefix="kdeck-groups-") as folder:
    kdecktest.main()
