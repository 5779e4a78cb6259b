"""Requests of any API, encoded by the tables of src/wire/msg as they stand, with values that the
caller makes up: also such as no client sends.

    m = Messages()
    m.encode(key, version, fill)     # the body; fill(path, type) gives each value, or None: null
    m.count                          # fill(path, "count") says how many elements an array has
"""
import glob
import os
import re
import struct

SOURCE = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__), "../.."))

NUMBERS = {"BOOL": "?", "INT8": "b", "INT16": "h", "UINT16": "H", "INT32": "i", "INT64": "q",
           "UINT32": "I", "FLOAT64": "d"}


class Field:
    def __init__(self, shape, args):
        self.shape = shape
        self.type = args[0]
        self.name = args[1]
        self.first = int(args[2])
        self.last = 99 if args[3] == "LATEST" else int(args[3])
        options = " ".join(args[4:])

        def number(name):
            found = re.search(r"\.%s = (?:FROM\()?(\d+)" % name, options)
            return int(found.group(1)) if found else 99
        self.nullable = number("nullable")
        self.tagged = number("tagged")
        self.tag = number("tag")


def uvarint(n):
    out = b""
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


class Messages:
    def __init__(self):
        self.structs = {}
        self.requests = {}  # key: (struct, first flexible version)
        for path in glob.glob(os.path.join(SOURCE, "src/wire/msg/[0-9]*.def")):
            with open(path) as f:
                self.read(f.read())

    def read(self, text):
        this = None
        calls = r"#define THIS (\w+)|^\s*(FIELD|ARRAY|STRUCTS?|POINTER|MESSAGE)\(((?:[^()]|\([^()]*\))*)\)"
        for found in re.finditer(calls, text, re.M):
            if found.group(1):
                this = found.group(1)
                self.structs[this] = []
                continue
            args = [a.strip() for a in re.split(r",(?![^(]*\))", found.group(3))]
            if found.group(2) != "MESSAGE":
                self.structs[this].append(Field(found.group(2), args))
            elif args[1] == "MSG_REQUEST":
                flexible = int(args[5]) if args[5].isdigit() else 99
                self.requests[int(args[2])] = (args[0], flexible)

    def encode(self, key, version, fill):
        name, flexible = self.requests[key]
        return self.struct(name, version, version >= flexible, fill, ())

    def struct(self, name, version, flexible, fill, path):
        out, tags = bytearray(), []
        for f in self.structs[name]:
            if not f.first <= version <= f.last:
                continue
            data = self.field(f, version, flexible, fill, path + (f.name,))
            if version >= f.tagged:
                tags.append((f.tag, data))
            else:
                out += data
        if flexible:
            out += uvarint(len(tags))
            for tag, data in sorted(tags):
                out += uvarint(tag) + uvarint(len(data)) + data
        return bytes(out)

    def field(self, f, version, flexible, fill, path):
        if f.shape == "STRUCT":
            return self.struct(f.type, version, flexible, fill, path)
        if f.shape == "POINTER":
            return b"\xff"
        if f.shape == "FIELD":
            return self.value(f, version, flexible, fill(path, f.type))
        n = fill(path, "count")
        if n is None:
            return b"\0" if flexible else b"\xff\xff\xff\xff"
        out = bytearray(uvarint(n + 1) if flexible else struct.pack(">i", n))
        for _ in range(n):
            if f.shape == "STRUCTS":
                out += self.struct(f.type, version, flexible, fill, path)
            else:
                out += self.value(f, version, flexible, fill(path, f.type))
        return bytes(out)

    def value(self, f, version, flexible, value):
        if f.type in NUMBERS:
            return struct.pack(">" + NUMBERS[f.type], value)
        if f.type == "UUID":
            return value
        short = f.type == "STRING"
        if value is None and version >= f.nullable:
            return b"\0" if flexible else b"\xff\xff" if short else b"\xff\xff\xff\xff"
        value = value or b""
        if flexible:
            return uvarint(len(value) + 1) + value
        return struct.pack(">h" if short else ">i", len(value)) + value
