"""The HTTP face of a broker for tests: requests, raw ones too, and a strict reader of /metrics."""
import http.client
import json
import re
import socket


def ask(address, method, path, body=None, **headers):
    """(status, headers, body); header names with _ for -."""
    host, port = address.rsplit(":", 1)
    c = http.client.HTTPConnection(host, int(port), timeout=30)
    try:
        c.request(method, path, body=body,
                  headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = c.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        c.close()


def get(address, path):
    """The answer's JSON; anything but 200 is an error."""
    status, headers, body = ask(address, "GET", path)
    assert status == 200, (path, status, body)
    assert headers["Content-Type"] == "application/json", headers
    return json.loads(body)


def refused(address, method, path, status, words, body=None, **headers):
    """The request must fail with this status and these words in its message."""
    said, head, text = ask(address, method, path, body, **headers)
    assert said == status, (method, path, said, text)
    answer = json.loads(text)
    assert answer["error"] == status and words in answer["message"], answer
    return head


def raw(address, data, patience=30):
    """Sends bytes as they are; what comes back until the end of the stream."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=patience) as s:
        out = b""
        try:
            s.sendall(data)
            while True:
                some = s.recv(65536)
                if not some:
                    return out
                out += some
        except ConnectionError:
            return out


def events(address, after=0, **wanted):
    """Events after an id, those whose members are as wanted; and the id to go on from."""
    said = get(address, "/events?after=%d" % after)
    found = [e for e in said["events"] if all(e.get(k) == v for k, v in wanted.items())]
    return found, said["next"]


# ---- Prometheus' text format ---------------------------------------------------------------------

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? (-?[0-9.e+-]+|\+Inf|NaN)" % (NAME, LABEL, LABEL))


class Metrics:
    """Reads what /metrics says and checks every rule that promtool checks. value(name, label=…)."""

    def __init__(self, address):
        status, headers, body = ask(address, "GET", "/metrics")
        assert status == 200, (status, body)
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4"), headers
        text = body.decode()
        assert text.endswith("\n") and "\r" not in text
        self.types, self.samples = {}, {}
        self.family = None
        self.helped = set()
        for line in text.split("\n")[:-1]:
            self.take(line)
        for name, kind in self.types.items():
            if kind == "histogram":
                self.check_histogram(name)

    def take(self, line):
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert re.fullmatch(NAME, name) and words, line
            assert name not in self.helped, "a family twice: " + line
            self.helped.add(name)
            self.family = name
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == self.family and name not in self.types, line
            assert kind in ("counter", "gauge", "histogram"), line
            assert (kind == "counter") == name.endswith("_total"), line
            self.types[name] = kind
        else:
            self.take_sample(line)

    def take_sample(self, line):
        match = SAMPLE.fullmatch(line)
        assert match, "no sample: %r" % line
        name, labels, value = match.groups()
        kind = self.types.get(self.family)
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        assert kind and name in [self.family + p for p in parts], "in another's family: " + line
        pairs = re.findall(r'(%s)="((?:[^"\\]|\\.)*)"' % NAME, labels or "")
        assert len({k for k, _ in pairs}) == len(pairs), "a label twice: " + line
        key = (name, frozenset(pairs))
        assert key not in self.samples, "a sample twice: " + line
        self.samples[key] = float(value)
        assert kind == "gauge" or self.samples[key] >= 0, line

    def check_histogram(self, name):
        rows = {}
        for (sample, labels), v in self.samples.items():
            if sample == name + "_bucket":
                rest = frozenset(p for p in labels if p[0] != "le")
                rows.setdefault(rest, []).append((float(dict(labels)["le"]), v))
        for rest, buckets in rows.items():
            counts = [v for _, v in sorted(buckets)]
            assert counts == sorted(counts), (name, rest, buckets)
            assert max(buckets)[0] == float("inf"), (name, rest)
            assert counts[-1] == self.samples[(name + "_count", rest)], (name, rest)
            assert (name + "_sum", rest) in self.samples, (name, rest)
        counted = {labels for sample, labels in self.samples if sample == name + "_count"}
        assert counted == set(rows), name

    def value(self, name, **labels):
        """0 where there is no such sample, as a counter that has not begun."""
        return self.samples.get((name, frozenset(labels.items())), 0)

    def labels(self, name, label):
        return {dict(ls)[label] for sample, ls in self.samples if sample == name}
