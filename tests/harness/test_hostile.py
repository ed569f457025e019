#!/usr/bin/env python3
"""The hostile servers do what their names say; otherwise a test against them would prove nothing."""
import contextlib
import gzip
import http.client
import json
import pathlib
import socket
import ssl
import struct
import sys
import threading
import time
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import hostile, peers  # noqa: E402
from harness.hostile import OK, Http, Pg, Reply, Resp, http as evil, pg as evil_pg  # noqa: E402
from harness.hostile import resp as evil_resp  # noqa: E402


@contextlib.contextmanager
def client(server, seconds=2.0):
    with socket.create_connection((server.host, server.port), seconds) as s:
        s.settimeout(seconds)
        yield s


def ask(server, path="/", seconds=2.0, stop=None, until=None):
    """Everything that comes for a GET, until the end, a reset (then a final b"RST"), `stop` bytes, or those words."""
    out = b""
    try:
        with client(server, seconds) as s:  # a reset may come as early as here
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while data := s.recv(65536):
                out += data
                if (stop and len(out) >= stop) or (until and until in out):
                    break
    except TimeoutError:
        out += b"TIMEOUT"
    except ConnectionResetError:
        out += b"RST"
    return out


class HttpTest(unittest.TestCase):
    def test_replies_follow_the_script_and_are_counted(self):
        with Http({"/a": [Reply(503, b"no"), Reply(200, b"yes")]}) as h:
            c = http.client.HTTPConnection(h.host, h.port, timeout=2)
            seen = []
            for _ in range(3):
                c.request("GET", "/a", headers={"X-Secret": "canary"})
                r = c.getresponse()
                seen.append((r.status, r.read()))
            c.close()
            self.assertEqual(seen, [(503, b"no"), (200, b"yes"), (200, b"yes")])
            self.assertEqual((h.requests("/a"), h.stats["connections"]), (3, 1))
            self.assertTrue(h.heard(b"canary"))
            h["/a"] = Reply(204, b"")
            self.assertIn(b"204", ask(h, "/a", 5, until=b"204"))

    def test_many_at_once_are_counted(self):
        with Http({"/": evil.hang()}) as h, contextlib.ExitStack() as all_:
            for _ in range(20):
                all_.enter_context(client(h))
            h.wait_for("now", 20)
            all_.close()
            peers.wait_until(lambda: h.stats["now"] == 0, 2)
            self.assertEqual(h.stats["most"], 20)

    def test_broken_replies_break_as_they_should(self):
        routes = {"/reset": evil.reset_in_body(), "/short": evil.short_content(),
                  "/now": evil.reset_at_once(), "/chunk": evil.bad_chunk(), "/09": evil.http_09(),
                  "/close": evil.close_each()}
        with Http(routes) as h:
            self.assertTrue(ask(h, "/reset").endswith(b"RST"))
            self.assertEqual(ask(h, "/now"), b"RST")
            short = ask(h, "/short")
            self.assertLess(len(short.partition(b"\r\n\r\n")[2]), len(OK))
            self.assertNotIn(b"RST", short)
            self.assertIn(b"not-hex", ask(h, "/chunk"))
            self.assertEqual(ask(h, "/09"), b"ok\n")
            self.assertTrue(ask(h, "/close").endswith(OK))

    def test_slow_replies_are_slow(self):
        with Http({"/h": evil.slow_headers(200), "/b": evil.slow_body(500), "/d": Reply(delay=0.2),
                   "/p": evil.pieces([OK[:5], OK[5:]], 0.1)}) as h:
            self.assertTrue(ask(h, "/h", 0.2, stop=5).startswith(b"HTTP/"))
            self.assertIn(b"\r\n\r\n{", ask(h, "/b", 0.3, stop=110))
            t = time.monotonic()
            ask(h, "/d", stop=10)
            self.assertGreater(time.monotonic() - t, 0.19)
            self.assertTrue(ask(h, "/p", 0.5).endswith(OK + b"TIMEOUT"))

    def test_floods_flood(self):
        routes = {"/e": evil.endless_body(), "/c": evil.endless_body(chunked=True),
                  "/l": evil.huge_length(), "/h": evil.header_flood(1000), "/1": evil.header_huge(9999),
                  "/100": evil.continue_flood()}
        with Http(routes) as h:
            for path in ("/e", "/c", "/l", "/100"):
                self.assertGreaterEqual(len(ask(h, path, stop=5 << 20)), 5 << 20, path)
            self.assertIn(b"Content-Length: 10000000000", ask(h, "/l", stop=100))
            self.assertEqual(ask(h, "/h", 0.1).count(b"X-H"), 1000)
            self.assertIn(b"h" * 9999, ask(h, "/1", 5, until=b"h" * 9999))

    def test_bombs_unpack_to_what_they_say(self):
        self.assertEqual(len(gzip.decompress(evil.bomb("gzip", 8 << 20).body)), 8 << 20)
        self.assertEqual(len(zlib.decompress(evil.bomb("deflate", 8 << 20).body)), 8 << 20)
        self.assertLess(len(evil.bomb("br").body), 1000)

    def test_redirects_lead_where_they_say(self):
        with Http({"/loop": evil.redirect_chain(), "/three": evil.redirect_chain(3),
                   "/file": evil.redirect("file:///etc/passwd")}) as h:
            self.assertIn(b"Location: /loop?n=8", ask(h, "/loop?n=7", 5, until=b"Location: /loop?n=8"))
            self.assertIn(b"302", ask(h, "/three?n=2", 5, until=b"302"))
            self.assertIn(b"200", ask(h, "/three?n=3", 5, until=b"200"))
            self.assertIn(b"Location: file:///etc/passwd", ask(h, "/file", 5, until=b"Location: file:///etc/passwd"))

    def test_mutations_are_no_documents(self):
        made = evil.mutations(OK, 500)
        self.assertEqual(len(made), 500)
        for body in made:
            with self.assertRaises(ValueError):
                json.loads(body.decode())

    def test_closed_servers_refuse_and_come_back(self):
        with Http() as h:
            with client(h) as s:
                h.wait_for("connections", 1)
                h.close()
                self.assertEqual(s.recv(1), b"")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((h.host, h.port), 1)
            h.open()
            self.assertIn(b"200", ask(h, stop=15))


class TlsTest(unittest.TestCase):
    def verify(self, server):
        context = ssl.create_default_context(cafile=hostile.Certificates.get().ca)
        with client(server) as s:
            try:
                context.wrap_socket(s, server_hostname="127.0.0.1").close()
                return "verified"
            except ssl.SSLCertVerificationError as why:
                return why.verify_message
            except ssl.SSLError as why:
                return why.reason
            except TimeoutError:
                return "timeout"

    def test_each_certificate_fails_for_its_own_reason(self):
        seen = {}
        for name, certificate in hostile.Certificates.get().items():
            with Http(certificate=certificate) as h:
                seen[name] = self.verify(h)
        self.assertEqual(seen["good"], "verified")
        self.assertEqual(seen["soon"], "verified")
        self.assertIn("expired", seen["expired"])
        self.assertIn("self", seen["self-signed"])
        self.assertIn("mismatch", seen["wrong-host"])
        self.assertEqual(len(set(seen.values())), 5)

    def test_a_stalled_handshake_and_old_tls_do_not_connect(self):
        with hostile.HandshakeStall() as h, client(h, 0.1) as s:
            with self.assertRaises(TimeoutError):
                ssl._create_unverified_context().wrap_socket(s)
            self.assertEqual(h.stats["connections"], 1)
        old = hostile.old_tls(hostile.Certificates.get()["good"])
        if old:
            with Http() as h:
                h.tls = old
                # whose words say it, and on which side, differs from one OpenSSL to the next
                self.assertNotIn(self.verify(h), ("verified", "timeout"))
                peers.wait_until(lambda: h.stats["refused"] == 1, what="a refused handshake")

    def test_a_dropped_connection_keeps_its_number_until_its_thread_is_done(self):
        certificate = hostile.Certificates.get()["good"]
        busy, done, numbers = threading.Event(), threading.Event(), []

        def talk(conn, request):
            numbers.append(conn.sock.fileno())
            busy.set()
            done.wait(5)
            numbers.append(conn.sock.fileno())
        with Http({"*": talk}, certificate=certificate) as h, client(h) as s:
            tls = ssl.create_default_context(cafile=certificate.ca).wrap_socket(s, server_hostname="127.0.0.1")
            with tls:
                tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
                self.assertTrue(busy.wait(5))
                h.drop_all()
                self.assertEqual(tls.recv(1), b"")  # the client knows at once
                done.set()
                peers.wait_until(lambda: h.stats["now"] == 0, 5, "the thread ended")
        self.assertEqual(numbers[0], numbers[1])

    def test_a_handshake_can_be_dropped(self):
        with Http(certificate=hostile.Certificates.get()["good"]) as h, client(h) as s:
            h.wait_for("connections", 1)
            h.drop_all()
            self.assertEqual(s.recv(1), b"")
            peers.wait_until(lambda: h.stats["now"] == 0, 5, "the thread ended")


class RespTest(unittest.TestCase):
    def say(self, server, *words, n=65536, seconds=0.3):
        with client(server, seconds) as s:
            s.sendall(b"".join(peers.resp_command(*w) for w in words))
            out = b""
            with contextlib.suppress(TimeoutError):
                while len(out) < n and (data := s.recv(65536)):
                    out += data
            return out

    def test_answers_come_from_the_table(self):
        with Resp({"LLEN": b":7\r\n"}) as r:
            self.assertEqual(self.say(r, ("PING",), ("LLEN", "q"), ("GET", "k"), n=15),
                             b"+PONG\r\n:7\r\n:0\r\n")
            self.assertEqual([w[0] for w in r.commands], [b"PING", b"LLEN", b"GET"])
        with Resp.error("NOAUTH") as r:
            self.assertTrue(self.say(r, ("PING",), n=10).startswith(b"-NOAUTH Auth"))
        with Resp.error("LOADING", only=["INFO"]) as r:
            self.assertEqual(self.say(r, ("PING",), n=7), b"+PONG\r\n")
            self.assertTrue(self.say(r, ("INFO",), n=7).startswith(b"-LOADING"))

    def test_lies_are_told(self):
        with Resp(say=evil_resp.HUGE_ARRAY) as r:
            self.assertEqual(self.say(r, ("PING",), n=13), b"*1000000000\r\n")
            r.set({"*": evil_resp.long_line(1 << 20)})
            line = self.say(r, ("PING",), n=1 << 20)
            self.assertTrue(line.startswith(b"+x") and b"\r" not in line and len(line) >= 1 << 20)
            r.set({"*": evil_resp.swapped(b":1\r\n", b":2\r\n")})
            self.assertEqual(self.say(r, ("A",), ("B",), n=8), b":2\r\n:1\r\n")
            r.set({"*": evil_resp.twice(b":1\r\n")})
            self.assertEqual(self.say(r, ("A",), n=8), b":1\r\n:1\r\n")


class PgTest(unittest.TestCase):
    def talk(self, server, sql="SELECT 1", until=b"Z", tls=False):
        """The kinds of the messages that come after a login and one simple query."""
        with client(server, 0.15) as s:
            f = s.makefile("rwb")
            if tls:
                f.write(struct.pack("!II", 8, evil_pg.SSL_REQUEST))
                f.flush()
                self.assertEqual(f.read(1), b"N")
            body = struct.pack("!I", 196608) + b"user\0postgres\0\0"
            f.write(struct.pack("!I", len(body) + 4) + body)
            f.write(evil_pg.message(b"Q", sql.encode() + b"\0"))
            f.flush()
            kinds = b""
            with contextlib.suppress(TimeoutError):
                while head := f.read(5):
                    kinds += head[:1]
                    size = struct.unpack("!i", head[1:])[0]
                    if size < 4 or size > 1 << 20:
                        return kinds + b"!"
                    f.read(size - 4)
            return kinds

    def test_an_honest_session_and_its_lies(self):
        with Pg() as p:
            self.assertEqual(self.talk(p, tls=True), b"RSSSSSSSSKZTDCZ")
            self.assertEqual(self.talk(p, "SET x = 1; SELECT 1"), b"RSSSSSSSSKZCTDCZ")
            self.assertEqual(p.queries[-1], "SELECT 1")
            p.answer = evil_pg.raw_answer(evil_pg.negative_length())
            self.assertTrue(self.talk(p).endswith(b"ZD!"))
            p.answer = evil_pg.raw_answer(evil_pg.huge_length())
            self.assertTrue(self.talk(p).endswith(b"ZD!"))
            p.answer = evil_pg.notice_flood(300)
            self.assertEqual(self.talk(p).count(b"N"), 300)
            p.login = evil_pg.sqlstate("53300", "sorry, too many clients already")
            self.assertEqual(self.talk(p), b"E")
            p.login = evil_pg.raw_login(evil_pg.unterminated_error())
            self.assertEqual(self.talk(p), b"E")

    def test_a_real_client_agrees(self):
        try:
            psql = peers.binary("psql", package="postgresql-client-15")
        except peers.Missing as why:
            self.skipTest(str(why))
        import subprocess

        def run(server, sql, **env):
            done = subprocess.run([psql, "-X", "-A", "-t", server.conninfo, "-c", sql], text=True,
                                  capture_output=True, timeout=5, env={"PATH": "/usr/bin", **env})
            return done.stdout + done.stderr
        with Pg() as p:
            self.assertEqual(run(p, "SELECT 1"), "1\n")
            p.login = evil_pg.sqlstate("53300", "sorry, too many clients already")
            self.assertIn("too many clients", run(p, "SELECT 1"))
            p.login = evil_pg.cleartext_password()
            run(p, "SELECT 1", PGPASSWORD="canary")
            self.assertEqual(p.passwords, [b"canary"])


class NetTest(unittest.TestCase):
    def test_a_frozen_proxy_passes_nothing_and_then_everything(self):
        with Http() as h, hostile.Proxy((h.host, h.port)) as p:
            self.assertIn(b"200", ask(p, stop=15))
            p.freeze()
            with client(p, 0.1) as s:
                s.sendall(b"GET / HTTP/1.1\r\n\r\n")
                with self.assertRaises(TimeoutError):
                    s.recv(1)
                p.thaw()
                s.settimeout(2)
                self.assertEqual(s.recv(8), b"HTTP/1.1")

    def test_a_cut_proxy_resets_and_may_refuse(self):
        with Http() as h, hostile.Proxy((h.host, h.port)) as p:
            with client(p) as s:
                s.sendall(b"GET / HTTP/1.1\r\n\r\n")
                s.recv(8)
                p.cut(refuse=True)
                with self.assertRaises(ConnectionResetError):
                    while s.recv(65536):
                        pass
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((p.host, p.port), 1)
            p.open()
            self.assertIn(b"200", ask(p, stop=15))
        with hostile.Proxy((h.host, h.port)) as p:  # the target is gone
            self.assertEqual(ask(p), b"RST")

    def test_what_came_while_frozen_is_cut_as_well(self):
        with Http() as h, hostile.Proxy((h.host, h.port)) as p:
            p.freeze()
            with client(p) as s:
                p.wait_for("connections", 1)
                s.sendall(b"GET / HTTP/1.1\r\n\r\n")
                p.cut()
                p.thaw()
                with self.assertRaises(ConnectionResetError):
                    s.recv(1)

    def test_delay_holds_every_piece(self):
        with Http() as h, hostile.Proxy((h.host, h.port)) as p:
            p.delay(0.1)
            t = time.monotonic()
            ask(p, stop=15)
            self.assertGreater(time.monotonic() - t, 0.19)

    def test_a_blackhole_takes_no_connection(self):
        with hostile.Blackhole() as b:
            with self.assertRaises(TimeoutError):
                socket.create_connection((b.host, b.port), 0.2)

    def test_a_stopped_process_accepts_and_is_silent(self):
        with hostile.Process() as p:
            p.host = "127.0.0.1"
            self.assertIn(b"200", ask(p, stop=15))
            p.sigstop()
            self.assertEqual(ask(p, seconds=0.1), b"TIMEOUT")
            p.sigcont()
            self.assertIn(b"200", ask(p, stop=15))

    def test_servers_leave_no_thread(self):
        before = threading.active_count()
        with Http({"/": evil.hang()}) as h, hostile.Proxy((h.host, h.port)) as p, client(p) as s:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n")
            h.wait_for("requests", 1)
        peers.wait_until(lambda: threading.active_count() <= before, 3, "threads ended")


if __name__ == "__main__":
    unittest.main()
