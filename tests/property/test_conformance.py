"""The message tables against Kafka's own definitions, field by field and version by version.

KAFKA_MESSAGES_DIR names a folder of Kafka's JSON files (below it, in any folders) with errors.tsv.
The project holds no copy of them, so the test is skipped where the variable is not set. Versions
that Kafka no longer has are not compared: newer files do not describe them.
"""
import glob
import json
import os
import re
import subprocess

NEVER = 32767
KINDS = {"request": "request", "response": "response", "metadata": "metadata"}
INTEGERS = {"bool", "int8", "int16", "uint16", "int32", "int64"}


def flat(name):
    """One form for LeaderId and leader_id."""
    return name.replace("_", "").lower()


def versions(text):
    """First and last version of "3", "3-5" or "3+"; None for "none"."""
    if text in (None, "", "none"):
        return None
    if text.endswith("+"):
        return int(text[:-1]), NEVER
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def within(pair, version):
    return pair is not None and pair[0] <= version <= pair[1]


class Field:
    """One row: what either side says of a field."""

    def __init__(self, name, kind, shape, fields):
        self.name, self.kind, self.shape, self.fields = name, kind, shape, fields


def default_of(spec, field):
    text = spec.get("default")
    if text in ("null", None) and "default" in spec:
        return "null"
    if field.shape != "one" or field.kind not in INTEGERS:
        return "empty"
    if field.kind == "bool":
        return int(text in ("true", True))
    return int(str(text or 0), 0)


def theirs_field(spec, common):
    kind = spec["type"]
    array = kind.startswith("[]")
    kind = kind[2:] if array else kind
    fields = spec.get("fields") or common.get(kind)
    if fields is not None:
        kind = "struct"
        fields = [theirs_field(f, common) for f in fields]
    field = Field(flat(spec["name"]), kind, "array" if array else "one", fields)
    field.versions = versions(spec.get("versions", spec.get("taggedVersions")))
    field.nullable = versions(spec.get("nullableVersions"))
    field.tagged = versions(spec.get("taggedVersions"))
    if field.kind == "struct" and not array and field.nullable:
        field.shape = "pointer"
    field.tag = spec.get("tag")
    field.default = default_of(spec, field)
    field.ignorable = bool(spec.get("ignorable", False))
    return field


class Theirs:
    """One JSON file."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            lines = [line for line in f if not line.lstrip().startswith("//")]
        spec = json.loads("".join(lines))
        common = {s["name"]: s["fields"] for s in spec.get("commonStructs", [])}
        self.name = spec["name"]
        self.kind = KINDS.get(spec["type"], spec["type"])
        self.key = spec.get("apiKey", -1)
        self.versions = versions(spec["validVersions"])
        self.flexible = (versions(spec.get("flexibleVersions")) or (NEVER,))[0]
        self.fields = []
        if self.versions:
            self.fields = [theirs_field(f, common) for f in spec["fields"]]


def number(text):
    return NEVER if text == "never" else int(text)


class Ours:
    """One message of msg_dump."""

    def __init__(self, row):
        self.name, self.kind = row[0], row[1]
        self.key, self.min, self.max = int(row[2]), int(row[3]), int(row[4])
        self.flexible = number(row[5])
        self.fields = []

    def add(self, row):
        *parents, name = row[0].split(".")
        fields = self.fields
        for parent in parents:
            fields = next(f for f in fields if f.name == flat(parent)).fields
        field = Field(flat(name), row[1], row[2], [])
        field.versions = int(row[3]), number(row[4])
        field.nullable = (number(row[5]), NEVER)
        field.tagged = (number(row[6]), NEVER)
        field.tag = int(row[7])
        field.default = row[8] if row[8] in ("null", "empty") else int(row[8])
        field.ignorable = row[9] == "ignorable"
        fields.append(field)


def read_dump():
    dump = os.path.join(os.environ.get("top_builddir", "."), "tests/property/msg_dump")
    out = subprocess.run([dump], check=True, capture_output=True, text=True).stdout
    messages, apis, errors = [], [], {}
    for line in out.splitlines():
        what, *row = line.split("\t")
        if what == "message":
            messages.append(Ours(row))
        elif what == "field":
            messages[-1].add(row)
        elif what == "api":
            apis.append(row)
        else:
            errors[int(row[0])] = row[1]
    return messages, apis, errors


def compare_row(mine, his, version, path):
    """What must be the same of a field that both have in a version."""
    for what in ("kind", "shape", "default"):
        if getattr(mine, what) != getattr(his, what):
            yield "%s: %s is %s, Kafka has %s" % (
                path, what, getattr(mine, what), getattr(his, what))
    for what in ("nullable", "tagged"):
        if within(getattr(mine, what), version) != within(getattr(his, what), version):
            yield "%s: version %d is%s %s in Kafka" % (
                path, version, "" if within(getattr(his, what), version) else " not", what)
    if within(his.tagged, version) and mine.tag != his.tag:
        yield "%s: tag is %d, Kafka has %d" % (path, mine.tag, his.tag)


def compare_fields(mine, his, version, prefix=""):
    mine = [f for f in mine if within(f.versions, version)]
    his = [f for f in his if within(f.versions, version)]
    named = {f.name: f for f in mine}
    for f in mine:
        if f.name not in {h.name for h in his}:
            yield "%s%s: not in version %d of Kafka's" % (prefix, f.name, version)
    for h in his:
        path = prefix + h.name
        if h.name not in named:
            yield "%s: missing in version %d" % (path, version)
            continue
        yield from compare_row(named[h.name], h, version, path)
        if h.kind == "struct" and named[h.name].kind == "struct":
            yield from compare_fields(named[h.name].fields, h.fields, version, path + ".")
    order = [f.name for f in mine if not within(f.tagged, version)]
    wanted = [f.name for f in his if not within(f.tagged, version)]
    if set(order) == set(wanted) and order != wanted:
        yield "%s: order in version %d is %s, Kafka has %s" % (
            prefix or "fields", version, order, wanted)


def compare_ignorable(mine, his, message, prefix=""):
    """What happens to a value that a version lacks matters where some version lacks it."""
    for h in his:
        for f in mine:
            if f.name != h.name:
                continue
            lacking = f.versions[0] > message.min or f.versions[1] < message.max
            if lacking and f.ignorable != h.ignorable:
                yield "%s%s: ignorable is %s, Kafka has %s" % (
                    prefix, f.name, f.ignorable, h.ignorable)
            if h.fields and f.fields:
                yield from compare_ignorable(f.fields, h.fields, message, prefix + f.name + ".")


def compare_message(mine, his):
    if his.kind in ("request", "response", "metadata") and mine.kind != his.kind:
        yield "kind is %s, Kafka has %s" % (mine.kind, his.kind)
    if his.kind != "data" and mine.key != his.key:
        yield "key is %d, Kafka has %d" % (mine.key, his.key)
    if mine.flexible != his.flexible:
        yield "flexible from %d, Kafka from %d" % (mine.flexible, his.flexible)
    if not his.versions:
        yield "Kafka has no valid version"
        return
    if mine.min > his.versions[0]:
        yield "version %d is missing" % his.versions[0]
    if mine.max > his.versions[1]:
        yield "version %d is unknown to Kafka" % mine.max
    for v in range(max(mine.min, his.versions[0]), min(mine.max, his.versions[1]) + 1):
        yield from compare_fields(mine.fields, his.fields, v)
    yield from compare_ignorable(mine.fields, his.fields, mine)


def notes(mine, his):
    if his.versions and mine.min < his.versions[0]:
        yield "%s: versions %d to %d are not in Kafka's file" % (
            mine.name, mine.min, his.versions[0] - 1)
    if his.versions and mine.max < his.versions[1]:
        yield "%s: versions %d to %d are Kafka's only" % (
            mine.name, mine.max + 1, his.versions[1])


def compare_api(row, theirs):
    key, name, low, high, flexible = int(row[0]), row[1], int(row[2]), int(row[3]), number(row[4])
    for what in ("Request", "Response"):
        his = theirs.get(flat(name + what))
        if his is None or not his.versions:
            yield "Kafka has no %s%s" % (name, what)
        elif his.key != key:
            yield "key is %d, Kafka has %d" % (key, his.key)
        elif high > his.versions[1] or high < his.versions[0] or low > high:
            yield "versions %d to %d, Kafka has %d to %d" % ((low, high) + his.versions)
        elif his.flexible != flexible:
            yield "flexible from %d, Kafka from %d" % (flexible, his.flexible)


def compare_errors(mine, path):
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f if re.match(r"-?\d", line)]
    his = {int(row[0]): row[1] for row in rows}
    for code in sorted(set(mine) | set(his)):
        if mine.get(code) != his.get(code):
            yield "%d is %s, Kafka has %s" % (code, mine.get(code), his.get(code))


class Tap:
    def __init__(self):
        self.n = self.bad = 0

    def check(self, name, faults):
        faults = list(dict.fromkeys(faults))
        self.n += 1
        self.bad += bool(faults)
        print("%sok %d - %s" % ("not " if faults else "", self.n, name))
        for fault in faults:
            print("# %s" % fault)


def main():
    folder = os.environ.get("KAFKA_MESSAGES_DIR")
    if not folder:
        print("1..0 # SKIP KAFKA_MESSAGES_DIR is not set")
        return 0
    files = glob.glob(os.path.join(folder, "**", "*.json"), recursive=True)
    theirs = {flat(t.name): t for t in map(Theirs, sorted(files))}
    messages, apis, errors = read_dump()
    tap = Tap()
    for mine in messages:
        his = theirs.get(flat(mine.name))
        tap.check(mine.name, compare_message(mine, his) if his else ["not found in Kafka's files"])
        for note in notes(mine, his) if his else []:
            print("# note: %s" % note)
    for row in apis:
        tap.check("api " + row[1], compare_api(row, theirs))
    tap.check("error codes", compare_errors(errors, os.path.join(folder, "errors.tsv")))
    print("1..%d" % tap.n)
    return 1 if tap.bad else 0


raise SystemExit(main())
