#!/usr/bin/env python3
"""The HTTP face of one broker and whoever means it no good: paths, names, heads, slow ones."""
import socket
import time

import kdecktest
from httpface import Metrics, ask, get, raw, refused
from kdecktest import until
from test_http import NONE, face, faulty


def test_paths_and_methods():
    """what is not there is 404, what may not be is 405 with what may, as JSON"""
    with faulty() as b:
        refused(b.http, "GET", "/", 404, "/health")
        refused(b.http, "GET", "/health/", 404, "nothing is at")
        refused(b.http, "GET", "/" + "x" * 3000, 404, "nothing is at")
        assert refused(b.http, "PUT", "/health", 405, "GET only", "{}")["Allow"] == "GET"
        assert refused(b.http, "DELETE", "/events", 405, "GET only")["Allow"] == "GET"
        for method in ("POST", "PATCH", "OPTIONS", "TRACE", "BREW"):
            head = refused(b.http, method, "/faults", 405, "not served here")
            assert head["Allow"] == "GET, PUT, DELETE", head
        assert ask(b.http, "HEAD", "/health")[0] == 405
        refused(b.http, "GET", "/events?after=-1", 400, "after=-1")
        refused(b.http, "GET", "/events?after=9" + "9" * 30, 400, "after=")
        refused(b.http, "GET", "/events?before=1", 400, "before")
        refused(b.http, "GET", "/events?" + "&".join("a%d=1" % i for i in range(40)), 400,
                "parameters")
        assert get(b.http, "/health")["healthy"]


def test_foreign_names():
    """a page in a browser cannot ask: neither by a name of its own nor from its own origin"""
    with faulty() as b:
        port = b.http.rsplit(":", 1)[1]
        for host in ("evil.example", "evil.example:" + port, "127.0.0.1.evil.example", "[::2]",
                     "localhost.evil.example", "10.0.0.1", "", "127.0.0.1:x", "a b"):
            refused(b.http, "GET", "/health", 403, "Host", Host=host)
            refused(b.http, "PUT", "/faults", 403, "Host", '{"delay_ms":9}', Host=host)
        for host in ("localhost", "LOCALHOST:" + port, "127.0.0.1", "[::1]:" + port, "127.1.2.3"):
            assert ask(b.http, "GET", "/health", Host=host)[0] == 200, host
        for origin in ("http://evil.example", "null", "https://" + b.http, "file://",
                       "http://localhost:1", "http://" + b.http + "/x"):
            refused(b.http, "PUT", "/faults", 403, "page", '{"delay_ms":9}', Origin=origin)
        assert ask(b.http, "GET", "/health", Origin="http://" + b.http)[0] == 200
        assert get(b.http, "/faults") == NONE


def test_large_and_broken():
    """heads and bodies without end, and what is no HTTP, are refused; the broker lives"""
    with faulty() as b:
        head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
        assert b" 431 " in raw(b.http, head + b"X: " + b"a" * 100000 + b"\r\n\r\n")[:40]
        assert b" 431 " in raw(b.http, head + b"a: b\r\n" * 20000 + b"\r\n")[:40]
        assert b" 414 " in raw(b.http, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n")[:40]
        put_head = b"PUT /faults HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        assert b" 413 " in raw(b.http, put_head + b"Content-Length: 99999999999\r\n\r\n")[:40]
        chunk = b"ffff\r\n" + b"x" * 0xffff + b"\r\n"
        assert b" 413 " in raw(
            b.http, put_head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 4 + b"0\r\n\r\n")
        assert b" 400 " in raw(b.http, head.replace(b"GET", b"DELETE") + b"Connection: close\r\n"
                               b"Content-Length: 1\r\n\r\nx")[:40]
        assert b" 400 " in raw(b.http, b"GET /health HTTP/1.1\r\n\r\n")[:40]
        for junk in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"\0" * 1000, b"\r\n" * 1000 + b"x\r\n\r\n",
                     put_head + b"Content-Length: -5\r\n\r\n",
                     put_head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                     b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
            assert b" 200 " not in raw(b.http, junk, 15)[:40], junk
        assert get(b.http, "/faults") == NONE


def test_slow_and_many():
    """those who send slowly and those who only sit there give way to those who ask"""
    with face() as b:
        host, port = b.http.rsplit(":", 1)
        idle = [socket.create_connection((host, int(port))) for _ in range(100)]
        for s in idle[::2]:
            s.sendall(b"GET /health HTTP/1.1\r\nHost: loc")
        began = time.monotonic()
        for _ in range(5):
            assert get(b.http, "/health")["healthy"]
        assert time.monotonic() - began < 5
        slow = socket.create_connection((host, int(port)))
        slow.settimeout(0.5)
        ended = None
        while ended is None and time.monotonic() - began < 40:
            try:
                slow.sendall(b"G")
                if slow.recv(100) == b"":
                    ended = time.monotonic()
            except socket.timeout:
                continue
            except OSError:
                ended = time.monotonic()
        assert ended and ended - began < 20, "a slow one is let go on"
        for s in idle:
            s.close()
        slow.close()
        until("places are free again", lambda: Metrics(b.http).value("process_open_fds") < 60)


kdecktest.main()
