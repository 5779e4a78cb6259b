"""An include points down: every #include of src, backend and ui against the tables of
docs/architecture.md, and every foreign library against the one place that may know it."""
import re

from common import blank, files, layers, read, report

# header -> where it may be included
FOREIGN = [
    (r"(ncurses\w*/)?(n?curses|term|panel)\.h$", ["ui/term"]),
    (r"uv\.h$|uv/", ["src/io"]),
    (r"openssl/", ["src/io"]),
    (r"librdkafka/", ["src/traffic"]),
    (r"curl/", ["src/http"]),
    (r"microhttpd\.h$", ["backend/httpd"]),
    (r"isa-l|isa-l\.h$|isal", ["src/base"]),
    (r"(zlib|lz4\w*|zstd\w*|snappy-c)\.h$", ["src/wire"]),
]


def place(path):
    parts = path.split("/")
    return parts[0], parts[1]


def may_include(target, name, layer, module, row):
    """Everybody itself and base, all but base conf, and backend wire, besides what its row says."""
    whole, part = row
    return (target == module or target == "base" or (target == "conf" and module != "base") or
            (target == "wire" and layer == "backend") or target in whole or
            name.partition("/")[2] in part.get(target, []))


def check(path, rows, layered, foreign):
    layer, module = place(path)
    row = rows.get(layer, {}).get(module)
    if row is None:
        layered.append("%s: module %s/%s is not in the table" % (path, layer, module))
        return
    code = blank(read(path), strings=False)
    for number, line in enumerate(code.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not found:
            continue
        kind, name = found.groups()
        at = "%s:%d" % (path, number)
        if kind == '"' and name != "config.h":
            target = name.split("/")[0] if "/" in name else None
            if target is None:
                layered.append('%s: "%s" is not written from the layer root' % (at, name))
            elif not may_include(target, name, layer, module, row):
                layered.append('%s: %s/%s may not include "%s"' % (at, layer, module, name))
        elif kind == "<":
            for pattern, places in FOREIGN:
                if re.match(pattern, name) and "%s/%s" % (layer, module) not in places:
                    foreign.append("%s: <%s> belongs to %s" % (at, name, ", ".join(places)))


def curses_in_headers():
    """Whoever includes a header of ui/term must not get curses, and its macros, with it."""
    return [path for path in files(["ui", "src"], (".h",))
            if re.search(r"#\s*include\s*<" + FOREIGN[0][0][:-1], read(path))]


def main():
    layered, foreign = [], []
    rows = layers()
    for path in files(["src", "backend", "ui"], (".c", ".h", ".def")):
        check(path, rows, layered, foreign)
    report([("every include points down", layered),
            ("every library stays where it belongs", foreign),
            ("no header includes curses", curses_in_headers())])


main()
