"""Every command beside the tool it stands for, on Apache Kafka: same output, same exit status.

Each side works on topics and groups of its own, whose names begin alike and are written @ here.
Where both fail, the words are each side's own, and wrong usage is 2 here and 1 there. Kafka's tool
for groups prints its errors to standard output and exits with 0. What a reset would do, ours says
in two columns more, and both in the order of their partitions.
"""
import os
import re
import shlex
import shutil
import tempfile

import javatools
from javatools import CONFIGS, CONSUMER, TOOLS, Kafka

javatools.need_kafka()
try:
    javatools.need_compiler()
except javatools.kdecktest.Skip as why:
    javatools.skip_all(str(why))

from kafkacluster import KafkaCluster  # noqa: E402
from kdecktest import BUILD, run, until  # noqa: E402

KDECK = os.path.join(BUILD, "kdeck")
if not os.path.exists(KDECK):
    javatools.skip_all("kdeck is not built")

CLASSES = {"topics": TOOLS + "TopicCommand", "configs": CONFIGS,
           "get-offsets": TOOLS + "GetOffsetShell", "produce": TOOLS + "ConsoleProducer",
           "delete-records": TOOLS + "DeleteRecordsCommand", "consume": CONSUMER,
           "groups": TOOLS + "consumer.group.ConsumerGroupCommand",
           "elect": TOOLS + "LeaderElectionCommand", "quorum": TOOLS + "MetadataQuorumCommand",
           "reassign": TOOLS + "reassign.ReassignPartitionsCommand"}

FILES = {
    "del": '{"partitions":[{"topic":"@r","partition":0,"offset":2}],"version":1}',
    "empty": '{"partitions":[],"version":1}',
    "cut": '{"partitions":[',
    "twice": '{"partitions":[{"topic":"@r","partition":0,"offset":2},'
             '{"topic":"@r","partition":0,"offset":3}],"version":1}',
    "add": "retention.ms=9000\nmax.message.bytes = 2000000\n",
    "client": "client.id=abc\nfoo.bar=1\n",
    "broken": "request.timeout.ms=abc\n",
    "reader": "parse.key=true\nkey.separator=:\n",
    "format": "print.key=true\nprint.offset=true\n",
    "plan": "@g,2,2\n@g,0,1\n@g,1,99999\n@g,0,0",
    "plans": "@set,@g,0,1\n@read,\"@h\",0,0\n\n",
    "noplan": "@g,x,2\n",
    "elect": '{"partitions":[{"topic":"@p","partition":1},{"topic":"@p","partition":0}]}',
    "elected": '{"partitions":[{"topic":"@p","partition":1},{"topic":"@p","partition":1}]}',
    "move": '{"version":1,"partitions":[{"topic":"@p","partition":1,"replicas":[3,1]},'
            '{"topic":"@p","partition":0,"replicas":[2,1],"log_dirs":["any","any"]}]}',
    "factor": '{"partitions":[{"topic":"@p","partition":2,"replicas":[3,1,2]}]}',
    "same": '{"partitions":[{"topic":"@q","partition":0,"replicas":[1]}]}',
    "dirs": '{"partitions":[{"topic":"@q","partition":0,"replicas":[1],"log_dirs":["/none"]}]}',
    "short": '{"partitions":[{"topic":"@q","partition":0,"replicas":[1],"log_dirs":[]}]}',
    "nodirs": '{"partitions":[{"topic":"@q","partition":0,"replicas":[1],"log_dirs":[1]}]}',
    "noreplicas": '{"partitions":[{"topic":"@q","partition":0,"replicas":[]}]}',
    "nolist": '{"partitions":[{"topic":"@q","partition":0}]}',
    "replicas": '{"partitions":[{"topic":"@q","partition":0,"replicas":[1,1]}]}',
    "named": '{"partitions":[{"topic":"@q","partition":0,"replicas":[1]},'
             '{"topic":"@q","partition":0,"replicas":[2]}]}',
    "broker": '{"partitions":[{"topic":"@q","partition":0,"replicas":[9]}]}',
    "negative": '{"partitions":[{"topic":"@q","partition":0,"replicas":[-2]}]}',
    "gone": '{"partitions":[{"topic":"@nope","partition":0,"replicas":[1]}]}',
    "beyond": '{"partitions":[{"topic":"@q","partition":7,"replicas":[1]}]}',
    "version": '{"partitions":[],"version":2}',
    "list": "[]",
    "topics": '{"topics":[{"topic":"@q"}],"version":1}',
    "pairs": '{"topics":[{"topic":"@p"}]}',
    "topics2": '{"topics":[{"topic":"@q"},{"topic":"@q"}]}',
    "notopic": '{"topics":[{"topic":"@nope"}]}',
}

TOPICS = """\
--create --topic @a --partitions 2 --config retention.ms=5000 --config segment.bytes=2000000
--create --topic @a
--create --topic @a --if-not-exists
--create --topic @b.c
--create --topic @d --replica-assignment 1,1,1
--create --topic @e --replica-assignment 7,8
--create --topic @e --replica-assignment 1:1
--create --topic @e --replica-assignment x
--create --topic @e --replica-assignment 1 --partitions 1
--create --topic @e --replication-factor 3
--create --topic @e --replication-factor 0
--create --topic @e --partitions 0
--create --topic @e --partitions abc
--create --topic @e --config foo.bar=1
--create --topic @e --config retention.ms=abc
--create --topic @e --config retention.ms
--create --topic @e/f
--create --topic ''
--create --topic @e --if-exists
--create
--create --list --topic @e
--nope
--list --topic @.*
--list --topic @a|@d
--list --topic @nope
--list --topic (
--list --if-exists
--list --partitions 1
--list --under-replicated-partitions
--describe --topic @a
--describe --topic @nope
--describe --topic @nope --if-exists
--describe --topic @a --under-replicated-partitions
--describe --topic @a --unavailable-partitions
--describe --topic @a --under-min-isr-partitions
--describe --topic @a --at-min-isr-partitions
--describe --topic @a --topics-with-overrides
--describe --topic @a --under-min-isr-partitions --at-min-isr-partitions
--describe --topic @a --unavailable-partitions --topics-with-overrides
--describe --topic @a --partition-size-limit-per-response 1
--describe --topic-id AAAAAAAAAAAAAAAAAAAAAQ
--describe --topic-id bad
--describe --if-exists
--describe --topic @a --command-config %client
--describe --topic @a --command-config %broken
--describe --topic @a --command-config %none
--alter --topic @a --partitions 3
--alter --topic @a --partitions 3
--alter --topic @a --partitions 1
--alter --topic @a
--alter --topic @nope --partitions 3
--alter --topic @nope --partitions 3 --if-exists
--alter --topic @a --partitions 4 --replica-assignment 1,1,1,1
--alter --topic @a --partitions 5 --replica-assignment 1,1
--alter --topic @a --config a=b --partitions 9
--describe --topic @a
--delete --topic @nope
--delete --topic @nope --if-exists
--delete
--delete --topic @b.*
--delete --topic @d
"""

CONFIG = """\
--describe --topic @a
--describe --entity-type topics --entity-name @a
--describe --topic @a --all
--describe --topic @nope
--describe --topic @nope --all
--describe --broker 99
--describe --broker x
--describe --broker-defaults
--describe --broker 1
--describe --entity-type nonsense
--describe
--describe --alter --topic @a
--describe --topic @a --broker 1
--describe --topic @a --entity-type topics
--describe --topic @a --add-config a=b
--alter --topic @a
--alter --topic @a --add-config retention.ms=7000,max.message.bytes=2000000
--alter --topic @a --add-config cleanup.policy=[compact,delete]
--alter --topic @a --add-config foo.bar=1
--alter --topic @a --add-config retention.ms=abc
--alter --topic @a --add-config retention.ms
--alter --topic @a --add-config retention.ms=8000 --delete-config max.message.bytes
--alter --topic @a --delete-config segment.ms
--describe --topic @a
--alter --topic @a --delete-config retention.ms,cleanup.policy
--alter --topic @nope --add-config retention.ms=1
--alter --topic @a --add-config-file %add
--alter --topic @a --add-config-file %none
--alter --topic @a --add-config-file %add --add-config a=b
--describe --topic @a
--alter --entity-type topics --add-config a=b
--alter --broker 1 --add-config log.cleaner.threads=2
--describe --broker 1
--alter --broker 1 --delete-config log.cleaner.threads
--alter --broker 1 --add-config node.id=3
"""

# A backslash and r, n or t in an input are a return, a newline and a tabulator. Every record is waited
# for: the JVM that runs Kafka's tools goes on without closing a producer.
RECORDS = r"""
topics --create --topic @r
topics --create --topic @n --partitions 3
produce --topic @r --reader-property parse.key=true --reader-property key.separator=: < k1:v1\nk2:\n
produce --topic @r --reader-property parse.key=true < k1\tv1\nnokey\n
produce --topic @r --reader-property parse.headers=true --reader-property parse.key=true < a:1,b:2\tk\tv\n
produce --topic @r --reader-property parse.headers=true < noheader\n
produce --topic @r --reader-property parse.key=true --reader-property null.marker=N < k1\tN\nN\tv\n
produce --topic @r --reader-config %reader < k1:file\n
produce --topic @r --reader-config %none < k1:file\n
produce --topic @r --compression-codec --sync < z\n
produce --topic @r --compression-codec zstd < z\n
produce --topic @r --compression-codec foo < z\n
produce --topic @r --request-required-acks 5 < z\n
produce --topic @r --command-property linger.ms=1 < p\n
produce --topic @r --command-property acks=7 < p\n
produce --topic @r --command-config %client < p\n
produce --topic @r --command-config %none < p\n
produce --topic @r --line-reader foo.Bar < p\n
produce --topic @r --batch-size abc < p\n
produce --topic @r < last line, no newline
produce --topic @r < crlf\r\nempty\n\n
produce < x\n
get-offsets --topic @r
get-offsets --topic @.*
get-offsets --topic @nope
get-offsets --topic @n --partitions 0,9
get-offsets --topic @n --partitions 9
get-offsets --topic @n --partitions x
get-offsets --topic @n --partitions 0-1
get-offsets --topic @r --time earliest
get-offsets --topic @r --time -2
get-offsets --topic @r --time 0
get-offsets --topic @r --time 9999999999999
get-offsets --topic @r --time -4
get-offsets --topic @r --time -5
get-offsets --topic @r --time earliest-pending-upload
get-offsets --topic @r --time abc
get-offsets --topic-partitions @n:0-2,@n:2-
get-offsets --topic-partitions @n:-1
get-offsets --topic-partitions @n:x
get-offsets --topic-partitions @n --topic @n
get-offsets --topic (
READ
READ --formatter-property print.key=true --formatter-property print.partition=true --formatter-property print.offset=true --formatter-property print.headers=true
READ --formatter-property print.key=true --formatter-property print.delivery=true --formatter-property key.separator=| --formatter-property line.separator=; --formatter-property null.literal=NIL --formatter-property print.headers=true --formatter-property headers.separator=&
READ --formatter-property print.value=false
READ --formatter-property print.value=false --formatter-property print.key=true
READ --formatter-config %format
READ --formatter-config %none
READ --formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter
READ --formatter org.apache.kafka.tools.consumer.DefaultMessageFormatter
READ --formatter nope.Nope
READ --isolation-level read_committed
READ --isolation-level foo
READ --command-property client.id=z
READ --command-config %client
READ --command-config %none
READ --include @r
READ --from-beginning
consume --topic @r --partition 0 --offset 3 --max-messages 1
consume --topic @r --partition 0 --offset earliest --max-messages 0
consume --topic @r --partition 0 --offset -3 --max-messages 1
consume --topic @r --partition 0 --offset abc --max-messages 1
consume --topic @r --partition 0 --timeout-ms 1000
consume --topic @r --offset 0 --timeout-ms 1000
consume --include @r --partition 0 --timeout-ms 1000
consume --timeout-ms 1000
delete-records --offset-json-file %del
delete-records --offset-json-file %empty
delete-records --offset-json-file %cut
delete-records --offset-json-file %twice
delete-records --offset-json-file %none
delete-records
get-offsets --topic @r --time earliest
"""
GROUPS = r"""
topics --create --topic @g --partitions 3
topics --create --topic @h
produce --topic @g --reader-property parse.key=true --reader-property key.separator=: < k:1\nk:2\nk:3\nk:4\nk:5\n
produce --topic @h < 1\n2\n3\n4\n5\n
consume --topic @h --group @read --from-beginning --max-messages 5 --timeout-ms 20000
consume --topic @h --group @read --from-beginning --max-messages 5 --timeout-ms 1000
groups --list --state
groups --list --state empty
groups --list --state stable
groups --list --state nope
groups --list --type
groups --list --type classic
groups --list --type classic --state empty
groups --list --type nope
groups --describe --group @read
groups --describe --group @read --members
groups --describe --group @read --members --verbose
groups --describe --group @read --state
groups --describe --group @read --state --verbose
groups --describe --group @read --group @read
groups --describe --group @nope
groups --describe --group @nope --state
groups --describe --group ''
groups --describe
groups --describe --group @read --all-groups
groups --describe --group @read --members --state
groups --describe --group @read --topic @h
groups --list --describe --group @read
groups --nope
groups
groups --reset-offsets --group @set --topic @g --to-earliest
groups --reset-offsets --group @set --topic @g --to-earliest --dry-run
groups --reset-offsets --group @set --topic @g --to-latest --execute
groups --describe --group @set
groups --describe --group @set --offsets --verbose
groups --reset-offsets --group @set --topic @g:0,2 --to-offset 1 --execute
groups --reset-offsets --group @set --topic @g:1 --to-offset 99999 --execute
groups --reset-offsets --group @set --topic @g:1 --to-offset -5 --execute
groups --reset-offsets --group @set --topic @g --shift-by -2 --execute
groups --reset-offsets --group @set --topic @g --shift-by 1000 --execute
groups --reset-offsets --group @set --topic @g --to-current --execute
groups --reset-offsets --group @set --topic @g --by-duration PT0H --execute
groups --reset-offsets --group @set --topic @g --by-duration P3D --execute
groups --reset-offsets --group @set --topic @g --by-duration nope --execute
groups --reset-offsets --group @set --topic @g --to-datetime 2020-01-01T00:00:00.000 --execute
groups --reset-offsets --group @set --topic @g --to-datetime 2020-01-01T00:00:00.000+09:00
groups --reset-offsets --group @set --topic @g --to-datetime 2020-13-01T00:00:00.000
groups --reset-offsets --group @set --topic @nope --to-earliest
groups --reset-offsets --group @set --topic @g:7 --to-earliest
groups --reset-offsets --group @set --topic @g:x --to-earliest
groups --reset-offsets --group @set --topic @g
groups --reset-offsets --group @set --to-earliest
groups --reset-offsets --topic @g --to-earliest
groups --reset-offsets --group @set --topic @g --to-earliest --to-latest
groups --reset-offsets --group @set --topic @g --to-earliest --dry-run --execute
groups --reset-offsets --group @set --all-topics --to-earliest
groups --reset-offsets --group @set --group @read --topic @h --to-earliest
groups --reset-offsets --all-groups --topic @h --to-earliest
groups --reset-offsets --group @set --topic @g --to-offset 1 --export
groups --reset-offsets --group @set --topic @g --to-offset 2 --export --execute
groups --reset-offsets --group @set --group @read --topic @h --to-earliest --export
groups --reset-offsets --all-groups --topic @h --to-earliest --export
groups --reset-offsets --group @set --topic @g --export
groups --reset-offsets --group @set --from-file %plan
groups --reset-offsets --group @set --from-file %plan --execute
groups --reset-offsets --group @set --from-file %plan --export
groups --reset-offsets --group @set --from-file %plans --execute
groups --reset-offsets --group @set --group @read --from-file %plans
groups --reset-offsets --group @set --group @read --from-file %plans --export
groups --reset-offsets --group @set --group @read --from-file %plan
groups --reset-offsets --group @set --group @nope --from-file %plans
groups --reset-offsets --group @set --topic @h --from-file %plan
groups --reset-offsets --group @set --from-file %noplan
groups --reset-offsets --group @set --from-file %none
groups --reset-offsets --group @set --from-file %plan --to-latest
groups --describe --group @set
groups --delete-offsets --group @set --topic @g:1
groups --delete-offsets --group @set --topic @g:1
groups --delete-offsets --group @set --topic @nope
groups --delete-offsets --group @nope --topic @g
groups --delete-offsets --group @set
groups --describe --group @set
groups --delete --group @nope
groups --delete --group @set --group @read
groups --delete --group @set
groups --delete
groups --list
"""
ELECT = """\
elect --election-type preferred --topic @p --partition 0
elect --election-type PREFERRED --topic @p --partition 2
elect --election-type preferred --all-topic-partitions
elect --election-type preferred --path-to-json-file %elect
elect --election-type unclean --topic @p --partition 0
elect --election-type unclean --all-topic-partitions
elect --election-type preferred --path-to-json-file %empty
elect --election-type preferred --path-to-json-file %elected
elect --election-type preferred --path-to-json-file %cut
elect --election-type preferred --path-to-json-file %none
elect --election-type preferred --path-to-json-file %list
elect --election-type preferred --topic @nope --partition 0
elect --election-type preferred --topic @p --partition 9
elect --election-type preferred --topic @p --partition x
elect --election-type preferred --partition 0
elect --election-type preferred --topic @p --partition 0 --all-topic-partitions
elect --election-type other --topic @p --partition 0
elect --topic @p --partition 0
elect --election-type preferred
elect --election-type preferred --topic @p --partition 0 --command-config %client
elect --nope
"""
QUORUM = """\
quorum describe --status
quorum describe --replication
quorum describe --replication --human-readable
quorum describe --status --human-readable
quorum describe --status --replication
quorum describe
quorum describe --nope
quorum
quorum nope
"""
BEGIN = """\
topics --create --topic @p --replica-assignment 1:2,2:3,3:1
topics --create --topic @q --replica-assignment 1
reassign --list
reassign --verify --reassignment-json-file %move
reassign --cancel --reassignment-json-file %move
reassign --execute --reassignment-json-file %move
"""
MOVED = """\
reassign --list
reassign --verify --reassignment-json-file %move --preserve-throttles
reassign --verify --reassignment-json-file %move
topics --describe --topic @p
elect --election-type preferred --path-to-json-file %elect
elect --election-type preferred --path-to-json-file %elect
reassign --execute --reassignment-json-file %factor --disallow-replication-factor-change
reassign --execute --reassignment-json-file %factor --throttle 10000000
"""
GROWN = """\
configs --describe --topic @p
reassign --verify --reassignment-json-file %factor --preserve-throttles
reassign --verify --reassignment-json-file %factor
configs --describe --topic @p
reassign --cancel --reassignment-json-file %factor
reassign --cancel --reassignment-json-file %factor --preserve-throttles
reassign --execute --reassignment-json-file %same
reassign --execute --reassignment-json-file %same --additional
reassign --verify --reassignment-json-file %same
reassign --verify --reassignment-json-file %dirs
reassign --verify --reassignment-json-file %empty --preserve-throttles
reassign --verify --reassignment-json-file %gone --preserve-throttles
reassign --cancel --reassignment-json-file %gone --preserve-throttles
reassign --execute --reassignment-json-file %dirs --replica-alter-log-dirs-throttle 5000
reassign --cancel --reassignment-json-file %dirs
reassign --execute --reassignment-json-file %short
reassign --execute --reassignment-json-file %nodirs
reassign --execute --reassignment-json-file %noreplicas
reassign --execute --reassignment-json-file %nolist
reassign --execute --reassignment-json-file %replicas
reassign --execute --reassignment-json-file %named
reassign --execute --reassignment-json-file %broker
reassign --execute --reassignment-json-file %negative
reassign --execute --reassignment-json-file %gone
reassign --execute --reassignment-json-file %beyond
reassign --execute --reassignment-json-file %version
reassign --execute --reassignment-json-file %empty
reassign --execute --reassignment-json-file %cut
reassign --execute --reassignment-json-file %list
reassign --execute --reassignment-json-file %none
reassign --execute --reassignment-json-file %same --throttle x
reassign --execute --reassignment-json-file %same --preserve-throttles
reassign --execute
reassign --verify
reassign --cancel
reassign --generate --topics-to-move-json-file %topics --broker-list 2
reassign --generate --topics-to-move-json-file %topics --broker-list 2,9
reassign --generate --topics-to-move-json-file %topics --broker-list 2 --disable-rack-aware
reassign --generate --topics-to-move-json-file %topics --broker-list 2,2
reassign --generate --topics-to-move-json-file %topics --broker-list 2,x
reassign --generate --topics-to-move-json-file %topics
reassign --generate --broker-list 2
reassign --generate --topics-to-move-json-file %pairs --broker-list 2
reassign --generate --topics-to-move-json-file %topics2 --broker-list 2
reassign --generate --topics-to-move-json-file %notopic --broker-list 2
reassign --generate --topics-to-move-json-file %cut --broker-list 2
reassign --generate --topics-to-move-json-file %list --broker-list 2
reassign --list --verify --reassignment-json-file %same
reassign --list --additional
reassign --list --nope
reassign
"""
READ = "consume --topic @r --partition 0 --offset earliest --max-messages 15 --timeout-ms 20000"


class Side:
    """One of the two: its topics, its files, its results."""

    def __init__(self, letter):
        self.prefix = letter + letter + "-"
        self.folder = os.path.join(folder, letter)
        os.mkdir(self.folder)
        for name, text in FILES.items():
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text.replace("@", self.prefix))

    def words(self, case):
        words = ["--bootstrap-server", server.address] + shlex.split(case)[1:]
        return [w.replace("@", self.prefix).replace("%", self.folder + "/") for w in words]

    def plain(self, text):
        text = re.sub(r"TopicId: [\w-]{22}", "TopicId: ID", text)
        return text.replace(self.prefix, "@").replace(self.folder + "/", "%")


def split(case):
    """The command line and the bytes of its standard input."""
    line, _, text = case.partition(" < ")
    for escape, byte in ("\\r", "\r"), ("\\n", "\n"), ("\\t", "\t"):
        text = text.replace(escape, byte)
    return line, text.encode()


def theirs(cases):
    side = Side("j")
    runs = ""
    for i, case in enumerate(cases):
        line, text = split(case)
        place = os.path.join(side.folder, "run%d" % i)
        with open(place + ".in", "wb") as f:
            f.write(text)
        runs += "\x01".join([place, place + ".in", CLASSES[line.split()[0]]] + side.words(line))
        runs += "\n"
    source = os.path.join(javatools.HERE, "RunTools.java")
    args = javatools.JVM + ["-Dlog4j2.level=OFF", "-cp", os.path.join(javatools.JARS, "*"), source]
    run(args, stdin=runs.encode(), timeout=600)
    results = []
    for i in range(len(cases)):
        said = []
        for kind in "code", "out", "err":
            with open(os.path.join(side.folder, "run%d.%s" % (i, kind)), errors="replace") as f:
                said.append(side.plain(f.read()))
        results.append((int(said[0]), said[1], said[2]))
    shutil.rmtree(side.folder)
    return results


def ours(cases):
    side = Side("k")
    results = []
    for case in cases:
        line, text = split(case)
        done = run([KDECK, line.split()[0], *side.words(line)], stdin=text, check=False)
        results.append((done.returncode, side.plain(done.stdout.decode(errors="replace")),
                        side.plain(done.stderr.decode(errors="replace"))))
    shutil.rmtree(side.folder)
    return results


def failed(result):
    """Kafka's tool for groups exits with 0 nevertheless."""
    return result[0] != 0 or re.search(r"^Error: |Error: org\.apache", result[1], re.M) is not None


def same_text(a, b):
    return a == b


def same_reset(theirs, ours):
    """GROUP TOPIC PARTITION NEW-OFFSET in any order; a warning is an error line of ours."""
    def table(text):
        return sorted(line.split()[:4] for line in text.splitlines()
                      if line and not line.startswith("Warn: "))
    return table(theirs) == table(ours)


def same_quorum(theirs, ours):
    """Offsets and times go on between two questions; how they are laid out does not."""
    def masked(text):
        return re.sub(r" *(?=\t)| +(?=[A-Z{\[\d])", " ", re.sub(r"\d+", "N", text))
    return masked(theirs) == masked(ours)


def same_moves(theirs, ours):
    """Kafka's tools name partitions, topics and brokers in no order, and one line of --cancel has
    no end there."""
    def settled(text):
        text = text.replace("moves are active.Clearing", "moves are active.\nClearing")
        lines = text.splitlines()
        return [sorted(re.split(r"[ ,]+", line)) for line in lines]
    return settled(theirs) == settled(ours)


WAYS = {"quorum": same_quorum, "elect": same_moves, "reassign": same_moves}


def compare(cases, prepare=lambda: None):
    wrong, results = [], []
    for side in theirs, ours:
        prepare()
        results.append(side(cases))
    for case, them, us in zip(cases, *results):
        if not failed(them) and us[0] == 0:
            way = WAYS.get(case.split()[0], same_text)
            same = (same_reset if "--reset-offsets" in case else way)(them[1], us[1])
        else:
            same = failed(them) and us[0] in (1, 2) and us[2] != ""
        if not same:
            wrong.append("%s\n  Kafka: %r\n  kdeck: %r" % (case, them, us))
    assert not wrong, "%d of %d differ:\n%s" % (len(wrong), len(cases), "\n".join(wrong))


def test_1_topics():
    """topics: every flag, good and bad"""
    compare(["topics " + line for line in TOPICS.splitlines()])


def set_cleaner_threads():
    """A broker's setting acts some time after it was taken, and what is described until then is the
    old value: the cases that set it and describe it find it so already."""
    configs = [KDECK, "configs", "-b", server.address, "--broker", "1"]
    run(configs + ["--alter", "--add-config", "log.cleaner.threads=2"])
    until("the setting acts", lambda: b"log.cleaner.threads=2 sensitive" in
          run(configs + ["--describe"]).stdout)


def test_2_configs():
    """configs: topics, brokers, files, the unknown"""
    setup = ["topics --create --topic @a --config segment.bytes=2000000"]
    run([KDECK, "topics", "-b", server.address, "--delete", "--topic", ".*"])
    compare(setup + ["configs " + line for line in CONFIG.splitlines()], set_cleaner_threads)


def test_3_records():
    """produce, get-offsets, consume, delete-records: flags, properties, formats"""
    compare([c.replace("READ", READ).replace("produce ", "produce --sync ")
             for c in RECORDS.strip().splitlines()])


def test_4_groups():
    """groups: lists, descriptions, every target of a reset, deletions, good and bad"""
    compare([c.replace("produce ", "produce --sync ") for c in GROUPS.strip().splitlines()])


def settled():
    """Nothing moves any more."""
    address = server.address
    until("the moves are done", lambda: b"No partition reassignments found" in
          run([KDECK, "reassign", "-b", address, "--list"]).stdout)


def test_5_moves():
    """elect, reassign, quorum, on three brokers: good and bad, folders, throttles"""
    global server
    one = server
    try:
        with KafkaCluster(3, heap="256m") as server:
            server.address = server.bootstrap
            for cases in BEGIN, MOVED, GROWN + ELECT + QUORUM:
                compare(cases.splitlines())
                settled()
    finally:
        server = one


folder = tempfile.mkdtemp(prefix="kdeck-same-")
try:
    with Kafka() as server:
        javatools.kdecktest.main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
