"""An include points down: every #include of src, backend and ui against the table of
docs/architecture.md, and every foreign library against the one place that may know it."""
import re

from common import blank, files, read, report

# module -> modules it may include besides itself, base and conf (and wire, for backend).
SRC = {
    "base": [],
    "conf": [],
    "io": [],
    "wire": [],
    "link": ["io", "wire"],
    "http": ["io"],
    "admin": ["io", "wire", "link"],
    "traffic": ["io"],
    "peer": ["io"],
}
BACKEND = {
    "store": [],
    "meta": [],
    "control": ["meta"],
    "quorum": [],
    "repl": ["store", "meta", "delay", "io"],
    "metalog": ["io", "store", "meta", "control", "quorum", "delay"],
    "group": ["meta"],
    "txn": ["meta"],
    "delay": [],
    "api": ["store", "meta", "control", "quorum", "repl", "group", "txn", "delay", "metalog",
            "net"],
    "net": ["io"],
    "http": ["io", "api"],
    "server": list(SRC) + ["store", "meta", "control", "quorum", "repl", "group", "txn", "delay",
                           "metalog", "api", "net", "http"],
}
UI = {
    "term": [],
    "widget": ["term"],
    "model": ["wire"],
    "local": ["io"],
    "source": ["model", "local"] + list(SRC),
    "lab": ["model"] + list(SRC),
    "action": [],
    "view": ["widget", "model", "action"],
    "cli": ["model", "source", "local", "action"] + list(SRC),
    "app": list(SRC) + ["term", "widget", "model", "source", "local", "lab", "action", "view",
                         "cli"],
}
# Headers of ui/term that a screen may see: they name keys, text and cells, and know no curses.
VIEW_TERM = ["term/key.h", "term/surface.h", "term/text.h", "term/theme.h"]

# header -> where it may be included
FOREIGN = [
    (r"(ncurses\w*/)?(n?curses|term|panel)\.h$", ["ui/term"]),
    (r"uv\.h$|uv/", ["src/io"]),
    (r"openssl/", ["src/io"]),
    (r"librdkafka/", ["src/traffic"]),
    (r"curl/", ["src/http"]),
    (r"microhttpd\.h$", ["backend/http"]),
    (r"isa-l|isa-l\.h$|isal", ["src/base"]),
    (r"(zlib|lz4\w*|zstd\w*|snappy-c)\.h$", ["src/wire"]),
]


def place(path):
    parts = path.split("/")
    return parts[0], parts[1]


def allowed(layer, module):
    if layer == "src":
        extra = SRC.get(module)
    elif layer == "backend":
        extra = BACKEND.get(module)
        extra = extra if extra is None else extra + ["wire"]
    else:
        extra = UI.get(module)
    if extra is None:
        return None
    base = ["base"] if module != "base" else []
    conf = ["conf"] if module not in ("base", "conf") else []
    return set(extra + base + conf + [module])


def check(path, layered, foreign):
    layer, module = place(path)
    may = allowed(layer, module)
    if may is None:
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
            elif target not in may and not (
                    (layer, module) == ("ui", "view") and name in VIEW_TERM):
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
    for path in files(["src", "backend", "ui"], (".c", ".h", ".def")):
        check(path, layered, foreign)
    report([("every include points down", layered),
            ("every library stays where it belongs", foreign),
            ("no header includes curses", curses_in_headers())])


main()
