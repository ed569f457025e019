#!/usr/bin/env python3
"""io/pg against a real PostgreSQL (reliability.md 2.2, P1 to P14): each fault its own reason, within its
time, and over when the fault is over."""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
from harness import peers  # noqa: E402
from harness.peers import Postgres, wait_until  # noqa: E402
from io_asking import Asker, SLACK  # noqa: E402

STREAM = "SELECT a FROM generate_series(1, 100000) a, generate_series(1, 100000) b"


class PgTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pg = Postgres({"max_connections": 12}).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pg.close()

    def asker(self, more="", **rest):
        return Asker("pg", self.pg.conninfo + more, **rest)

    def up(self, a, seconds=5):
        """Asks until it is answered; the number of tries."""
        deadline = time.monotonic() + seconds
        tries = 0
        while True:
            tries += 1
            r = a.ask("SELECT 1")
            if r["fault"] == "none":
                return tries
            self.assertLess(time.monotonic(), deadline, r)
            time.sleep(0.02)  # a poll's interval

    def ours(self):
        return int(self.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                               "'midwatch'"))

    def test_answers_over_tcp_socket_and_url(self):
        for conninfo in (self.pg.conninfo, self.pg.socket_conninfo, self.pg.url):
            with Asker("pg", conninfo) as a:
                r = a.ask("SELECT count(*) AS n, 'x' AS t FROM generate_series(1, 3)")
                self.assertEqual(r["cells"], [["3", "x"]])
                self.assertEqual((r["names"], r["numbers"]), (["n", "t"], [True, False]))

    def test_session_is_short_of_patience_and_reads_only(self):
        with self.asker() as a:
            r = a.ask("SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
                      " current_setting('transaction_read_only'), current_setting('application_name')"
                      , timeout=1700)
            self.assertEqual(r["cells"], [["1700ms", "1500ms", "on", "midwatch"]])
            r = a.ask("CREATE TABLE nope (x int)")
            self.assertEqual((r["fault"], r["sqlstate"]), ("status", "25006"))
            self.assertTrue(r["why"].startswith("read-only: "), r)

    def test_p1_immediate_restart_is_over_within_a_second(self):
        with self.asker() as a:
            a.ask("SELECT 1")
            self.pg.stop(peers.signal.SIGQUIT)
            self.assertIn(a.ask("SELECT 1")["fault"], ("refused", "status"))
            self.pg.start()
            begin = time.monotonic()
            self.up(a)
            self.assertLess(time.monotonic() - begin, 1.0 * SLACK)

    def test_p2_terminated_a_hundred_times_comes_back_each_time(self):
        with self.asker() as a:
            fds = None
            for i in range(100):
                pid = a.ask("SELECT pg_backend_pid()")["cells"][0][0]
                self.pg.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
                self.assertEqual(a.ask("SELECT 1")["fault"], "none")
                fds = fds or a.figure("fds")
            self.assertEqual(a.figure("fds"), fds)
            self.assertLess(a.closed, 20)  # asks at once: not a hundred
        wait_until(lambda: self.ours() == 0, what="our sessions ended")

    def test_a_killed_server_is_told_in_milliseconds(self):
        with self.asker() as a:
            a.ask("SELECT 1")
            begin = time.monotonic()
            self.pg.kill()
            a.wait_closed()
            self.assertLess(time.monotonic() - begin, 0.5 * SLACK)
            self.assertEqual(a.ask("SELECT 1")["fault"], "refused")
            self.pg.start()
            self.up(a)

    def test_p3_full_server_says_so_and_a_standing_session_works_on(self):
        with self.asker() as standing, Asker("pg", self.pg.conninfo.replace(
                "user=postgres", "user=plain")) as late:
            self.pg.sql("CREATE ROLE plain LOGIN")
            standing.ask("SELECT 1")
            held = []
            try:
                for _ in range(8):
                    held.append(self.pg.session("SELECT 1"))
                    held[-1].__enter__()
                r = late.ask("SELECT 1")
                self.assertEqual(r["fault"], "too many clients", r)
                self.assertIn("remaining connection slots are reserved", r["why"])
                self.assertEqual(late.ask("SELECT 1")["fault"], "too many clients")
                self.assertEqual(standing.ask("SELECT 1")["fault"], "none")
            finally:
                for h in held:
                    h.__exit__(None, None, None)
            begin = time.monotonic()
            self.up(late)  # no pause: it is seen at the next poll
            self.assertLess(time.monotonic() - begin, 1.0 * SLACK)
            self.assertEqual(self.ours(), 2)  # one each
        self.pg.sql("DROP ROLE plain")

    def test_p4_lock_ends_within_two_seconds(self):
        self.pg.sql("CREATE TABLE locked (x int)")
        with self.asker() as a, self.pg.session("BEGIN; LOCK TABLE locked"):
            begin = time.monotonic()
            r = a.ask("SELECT count(*) FROM locked", timeout=10000)
            self.assertEqual((r["fault"], r["sqlstate"]), ("timeout", "55P03"))
            self.assertTrue(r["why"].startswith("waits for a lock: "), r)
            self.assertLess(time.monotonic() - begin, 2.0)
            r = a.ask("SELECT count(*) FROM locked", timeout=300)
            self.assertEqual((r["fault"], r["why"]), ("timeout", "no answer within 300 ms"))
            self.assertEqual(a.ask("SELECT 1")["fault"], "none")
            waiting = self.pg.sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
            self.assertEqual(waiting, "0")
        self.pg.sql("DROP TABLE locked")

    def test_p5_a_sleeper_is_ended_on_the_server(self):
        with self.asker() as a:
            pid = a.ask("SELECT pg_backend_pid()", timeout=5000)["cells"][0][0]
            r = a.ask("SELECT pg_sleep(3600)", timeout=300)
            self.assertEqual(r["fault"], "timeout")
            self.assertAlmostEqual(r["phases"][4] / 1000, 300, delta=100 * SLACK)
            self.assertEqual(a.ask("SELECT pg_backend_pid()")["cells"][0][0], pid)
            wait_until(lambda: self.pg.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                "'%pg_sleep(3600)%' AND pid <> pg_backend_pid()") == "0", what="sleeper ended")

    def test_p5_an_endless_result_is_cut_and_ended(self):
        with self.asker() as a:
            before = a.figure("rss")
            r = a.ask(STREAM, timeout=5000)
            self.assertEqual((r["fault"], r["rows"], r["cut"]), ("none", 1000, True))
            self.assertLess(r["phases"][4] / 1000, 2000 * SLACK)
            self.assertEqual(a.ask("SELECT 7", timeout=5000)["cells"], [["7"]])
            r = a.ask("SELECT repeat('x', 100000) FROM generate_series(1, 100000)", timeout=5000)
            self.assertEqual((r["fault"], r["why"]), ("too big",
                                                      "more than 1048576 bytes of rows"))
            self.assertEqual(a.ask("SELECT 7", timeout=5000)["cells"], [["7"]])
            if SLACK == 1.0:
                self.assertLess(a.figure("rss") - before, 8192)
            wait_until(lambda: self.pg.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
                "application_name = 'midwatch'") == "0", what="streams ended")

    def test_p6_a_read_only_server_is_watched_all_the_same(self):
        with Postgres({"default_transaction_read_only": "on"}) as pg, Asker(
                "pg", pg.conninfo) as a:
            self.assertEqual(a.ask("SELECT 1")["fault"], "none")

    def test_p7_credentials_have_distinct_reasons_and_no_storm(self):
        hba = ("local all all trust\nhost all denied 127.0.0.1/32 reject\n"
               "host all trusted 127.0.0.1/32 trust\nhost all watch 127.0.0.1/32 scram-sha-256\n")
        with Postgres({"log_connections": "on"}, hba=hba) as pg:
            pg.sql("CREATE ROLE watch LOGIN PASSWORD 'right-c4nary'; CREATE ROLE trusted LOGIN; "
                   "CREATE ROLE denied LOGIN")
            base = f"host=127.0.0.1 port={pg.port} dbname=postgres user="

            def reason(user, password=None, dbname="postgres", asks=5):
                conninfo = base.replace("dbname=postgres", f"dbname={dbname}") + user
                with Asker("pg", conninfo, password=password,
                           env={"PGPASSFILE": "/nowhere"}) as a:
                    for _ in range(asks):
                        r = a.ask("SELECT 1")
                    self.assertNotIn("c4nary", str(r))
                    return r["fault"], r["why"]

            def tries():
                return pathlib.Path(pg.log).read_text().count("connection received")

            before = tries()
            fault, why = reason("watch", "wr0ng-c4nary")
            self.assertEqual(fault, "credentials")
            self.assertRegex(why, r"^password rejected: .*; next try \d\d:\d\d:\d\dZ$")
            self.assertEqual(tries() - before, 1)
            self.assertEqual(reason("watch", "right-c4nary"), ("none", ""))
            fault, why = reason("nobody")
            self.assertEqual(fault, "credentials")
            self.assertRegex(why, "^pg_hba.conf has no entry for us: ")
            fault, why = reason("denied")
            self.assertRegex(why, "^pg_hba.conf rejects us: ")
            before = tries()
            fault, why = reason("trusted", dbname="gone")
            self.assertEqual((fault, why), ("status",
                                            'database missing: database "gone" does not exist'))
            self.assertEqual(tries() - before, 5)  # an answer, not a login: each poll
            fault, why = reason("watch")
            self.assertEqual((fault, why.split(";")[0]),
                             ("credentials", "fe_sendauth: no password supplied"))
            self.assertNotIn("c4nary", pathlib.Path(pg.log).read_text())

    def test_a_missing_role_is_named(self):
        with Asker("pg", self.pg.conninfo.replace("user=postgres", "user=nobody")) as a:
            r = a.ask("SELECT 1")
            self.assertEqual(r["fault"], "credentials")
            self.assertTrue(r["why"].startswith('role missing: role "nobody" does not exist'), r)

    def test_no_permission_is_named_and_harms_no_other_query(self):
        self.pg.sql("CREATE ROLE plain LOGIN; CREATE TABLE secret (x int)")
        with Asker("pg", self.pg.conninfo.replace("user=postgres", "user=plain")) as a:
            ids = [a.send("SELECT 1"), a.send("SELECT * FROM secret"), a.send("SELECT 2")]
            r = [a.hear(i) for i in ids]
            self.assertEqual([x["fault"] for x in r], ["none", "status", "none"])
            self.assertEqual(r[1]["why"], "no permission: permission denied for table secret")
            self.assertEqual(r[2]["cells"], [["2"]])
        self.pg.sql("DROP TABLE secret; DROP ROLE plain")

    def test_p9_values_of_every_kind_come_as_they_are(self):
        with self.asker() as a:
            r = a.ask("SELECT NULL::int, 'NaN'::float8, 'Infinity'::float8, 1e30::numeric, "
                      "interval '1 day 02:00', '\\x00ff1b'::bytea, '', 9007199254740993")
            self.assertEqual(r["cells"], [[None, "NaN", "Infinity",
                                           "1000000000000000000000000000000", "1 day 02:00:00",
                                           "\\x00ff1b", "", "9007199254740993"]])
            self.assertEqual(r["numbers"], [True, True, True, True, False, False, False, True])
            r = a.ask("SELECT repeat('x', 1000000)")
            self.assertEqual((r["fault"], r["rows"]), ("none", 1))
            self.assertEqual(a.ask("SELECT repeat('x', 1048576)")["fault"], "too big")

    def test_p11_a_frozen_server_ends_at_the_deadline_and_recovers(self):
        with self.asker() as a:
            a.ask("SELECT 1")
            fds = a.figure("fds")
            self.pg.sigstop()
            try:
                for _ in range(3):
                    begin = time.monotonic()
                    r = a.ask("SELECT 1", timeout=400)
                    self.assertEqual(r["fault"], "timeout", r)
                    self.assertLess(time.monotonic() - begin, 0.6 * SLACK)
            finally:
                self.pg.sigcont()
            self.up(a)
            wait_until(lambda: a.figure("fds") <= fds, what="descriptors back")

    def test_p14_bytes_of_another_encoding_are_clean_text(self):
        self.pg.sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' "
                    "TEMPLATE template0")
        with Asker("pg", self.pg.conninfo.replace("dbname=postgres", "dbname=ascii")) as a:
            r = a.ask("SELECT E'caf\\351 \\033[31m', 1")
            self.assertEqual(r["cells"], [["caf\ufffd ^[[31m", "1"]], r)
            r = a.ask("SELECT 1 AS \"\u202eevil\"")
            self.assertNotIn("\u202e", str(r))
            r = a.ask("SELECT E'\\351'::int")
            self.assertEqual(r["fault"], "status")
            self.assertNotIn("\x1b", r["why"])
        self.pg.sql("DROP DATABASE ascii")

    def test_a_service_file_is_read_without_the_network(self):
        path = os.path.join(self.pg.dir, "pg_service.conf")
        with open(path, "w") as f:
            f.write(f"[watched]\nhost=127.0.0.1\nport={self.pg.port}\ndbname=postgres\n"
                    "user=postgres\n")
        with Asker("pg", "service=watched", env={"PGSERVICEFILE": path}) as a:
            self.assertEqual(a.opened["name"], f"127.0.0.1:{self.pg.port}/postgres")
            self.assertEqual(a.ask("SELECT 1")["fault"], "none")
        with Asker("pg", "service=other", env={"PGSERVICEFILE": path}) as a:
            self.assertEqual(a.opened["err"], 'definition of service "other" not found')

    def test_the_second_of_two_hosts_answers_when_the_first_does_not(self):
        dead = peers.free_port()
        for first in (f"127.0.0.1,127.0.0.1 port={dead},{self.pg.port}",
                      f"/nowhere,localhost port={self.pg.port}"):
            with Asker("pg", f"host={first} dbname=postgres user=postgres") as a:
                self.assertEqual(a.ask("SELECT 1")["fault"], "none")

    def test_an_unknown_name_is_dns(self):
        with Asker("pg", "host=no-such-host.invalid dbname=x user=x") as a:
            r = a.ask("SELECT 1", timeout=3000)
            self.assertEqual(r["fault"], "dns", r)

    def test_many_queries_cost_one_round_trip(self):
        with self.asker() as a:
            a.ask("SELECT 1")
            ids = [a.send("SELECT count(*) FROM pg_stat_activity") for _ in range(20)]
            self.assertEqual({a.hear(i)["fault"] for i in ids}, {"none"})

    def test_given_up_queries_end_on_the_server(self):
        with self.asker() as a:
            a.ask("SELECT 1")
            ident = a.send("SELECT pg_sleep(30)", timeout=60000)
            wait_until(lambda: self.pg.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND "
                "state = 'active' AND pid <> pg_backend_pid()") == "1", what="sleeping")
            a.line("cancel", ident)
            self.assertEqual(a.ask("SELECT 5")["cells"], [["5"]])


class Pourer:
    """A server that greets and then answers a query as fast as the machine can, for ever: with one row
    that says it has half a gigabyte, or with small rows."""

    def __init__(self, mode):
        self.mode = mode
        self.s = socket.create_server(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    @staticmethod
    def message(kind, body):
        return kind + struct.pack("!I", len(body) + 4) + body

    def serve(self):
        while True:
            try:
                c, _ = self.s.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(c,), daemon=True).start()

    def one(self, c):
        m = self.message
        try:
            while True:
                body = c.recv(struct.unpack("!I", c.recv(4))[0] - 4)
                code = struct.unpack("!I", body[:4])[0]
                if code == 80877102:
                    return c.close()
                if code not in (80877103, 80877104):
                    break
                c.sendall(b"N")
            c.sendall(m(b"R", bytes(4)) + m(b"S", b"server_version\0" + b"15\0"))
            if self.mode == "greeting":
                c.sendall(b"N" + struct.pack("!I", 0x20000000))
            else:
                c.sendall(m(b"K", bytes(8)) + m(b"Z", b"I"))
                c.recv(4096)
                c.sendall(m(b"1", b"") + m(b"2", b"") + m(
                    b"T", b"\0\1a\0" + bytes(6) + struct.pack("!I", 25) + b"\xff\xff" + bytes(6)))
            if self.mode == "row":
                c.sendall(b"D" + struct.pack("!I", 0x20000000) + b"\0\1" +
                          struct.pack("!I", 0x1ffffff0))
            rows = m(b"D", b"\0\1" + struct.pack("!I", 5) + b"hello") * 60000
            while True:
                c.sendall(rows if self.mode == "rows" else b"x" * (1 << 20))
        except OSError:
            c.close()


class PourTest(unittest.TestCase):
    """P12: what a hostile server beside us may cost."""

    def peak_kib(self, a):
        status = pathlib.Path(f"/proc/{a.p.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def test_p12_a_server_that_pours_costs_no_memory(self):
        for mode in ("greeting", "row", "rows"):
            pourer = Pourer(mode)
            with Asker("pg", f"host=127.0.0.1 port={pourer.port} dbname=x user=x") as a:
                before = self.peak_kib(a)
                for _ in range(3):
                    r = a.ask("SELECT 1", timeout=3000)
                    if mode == "rows":
                        self.assertTrue(r["cut"] or r["fault"] in ("too big", "timeout"), r)
                    else:
                        self.assertIn(r["fault"], ("too big", "protocol", "timeout"), r)
                if SLACK == 1.0:
                    self.assertLess(self.peak_kib(a) - before, 8192, mode)
            pourer.s.close()


class TlsTest(unittest.TestCase):
    """A certificate of our own making; the name it holds is localhost."""

    @classmethod
    def setUpClass(cls):
        cls.certs = peers.tempfile.mkdtemp(prefix="midwatch-certs-")
        for name, host in (("good", "localhost"), ("other", "elsewhere.example")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                            "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
                            "-keyout", f"{cls.certs}/{name}.key", "-out", f"{cls.certs}/{name}.crt"],
                           check=True, capture_output=True)
        cls.pg = Postgres(tls=(f"{cls.certs}/good.crt", f"{cls.certs}/good.key"),
                          hba="local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
                              "host all all ::1/128 scram-sha-256\n").__enter__()
        cls.pg.sql("CREATE ROLE watch LOGIN PASSWORD 'c4nary'")

    @classmethod
    def tearDownClass(cls):
        cls.pg.close()
        peers.shutil.rmtree(cls.certs)

    def asker(self, more):
        return Asker("pg", f"host=localhost hostaddr=127.0.0.1 port={self.pg.port} dbname=postgres "
                     f"user=watch {more}", password="c4nary")

    def test_a_verified_server_gets_the_password(self):
        with self.asker(f"sslmode=verify-full sslrootcert={self.certs}/good.crt") as a:
            r = a.ask("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            self.assertEqual((r["fault"], r["cells"]), ("none", [["t"]]))
            self.assertGreater(r["phases"][2], 0)

    def test_another_certificate_is_refused_before_the_password(self):
        with self.asker(f"sslmode=verify-full sslrootcert={self.certs}/other.crt") as a:
            r = a.ask("SELECT 1")
            self.assertEqual(r["fault"], "tls", r)
            self.assertIn("certificate verify failed", r["why"])

    def test_another_name_is_refused(self):
        with Asker("pg", f"host=elsewhere.example hostaddr=127.0.0.1 port={self.pg.port} "
                   f"dbname=postgres user=watch sslmode=verify-full "
                   f"sslrootcert={self.certs}/good.crt", password="c4nary") as a:
            r = a.ask("SELECT 1")
            self.assertEqual(r["fault"], "tls", r)
            self.assertIn("does not match", r["why"])


if __name__ == "__main__":
    try:
        peers.binary("postgres", package="postgresql-15")
    except peers.Missing as why:
        missing = why
        peers.main(lambda: (_ for _ in ()).throw(missing))
    unittest.main(verbosity=1)
