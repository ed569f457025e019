#!/usr/bin/env python3
"""io/redis against a real Redis (reliability.md 2.3, R1 to R12): each fault its own reason, within its
time, and over when the fault is over."""
import pathlib
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
from harness import peers  # noqa: E402
from harness.peers import Redis, wait_until  # noqa: E402
from io_asking import Asker, SLACK  # noqa: E402


class RedisTest(unittest.TestCase):
    def up(self, a, seconds=5):
        deadline = time.monotonic() + seconds
        while True:
            r = a.ask("PING")
            if r["fault"] == "none":
                return
            self.assertLess(time.monotonic(), deadline, r)
            time.sleep(0.02)  # a poll's interval

    def test_answers_over_tcp_and_socket(self):
        with Redis() as redis:
            for url in (redis.url, f"unix:{redis.socket_path}", redis.url + "/3"):
                with Asker("redis", url) as a:
                    self.assertEqual(a.ask("PING")["values"], ["PONG"])
                    info = a.ask("INFO")["values"][0]
                    self.assertIn("redis_version:", info)
                    self.assertEqual(a.ask("LLEN", "nothing")["values"], [0])

    def test_the_database_of_the_address_is_chosen(self):
        with Redis() as redis:
            redis.ask("RPUSH", "q", "a", "b")
            with Asker("redis", redis.url + "/1") as a:
                self.assertEqual(a.ask("LLEN", "q")["values"], [0])
            with Asker("redis", redis.url + "/0") as a:
                self.assertEqual(a.ask("LLEN", "q")["values"], [2])
            with Asker("redis", redis.url + "/99") as a:
                r = a.ask("PING")
                self.assertEqual((r["fault"], r["why"]), ("status",
                                                          "ERR DB index is out of range"))

    def test_r1_credentials_have_reasons_and_no_storm(self):
        with Redis(password="right-c4nary") as redis:
            with Asker("redis", redis.url) as a:
                r = a.ask("PING")
                self.assertEqual((r["fault"], r["why"]),
                                 ("credentials", "NOAUTH Authentication required."))
            with Asker("redis", redis.url, password="wr0ng-c4nary") as a:
                for _ in range(10):
                    r = a.ask("PING")
                self.assertEqual(r["fault"], "credentials")
                self.assertRegex(r["why"], r"^WRONGPASS .*; next try \d\d:\d\d:\d\dZ$")
                self.assertNotIn("c4nary", str(r))
            stats = redis.ask("INFO", "commandstats")
            self.assertIn("cmdstat_auth:calls=", stats)
            failed = [line for line in redis.ask("INFO", "errorstats").split("\r\n")
                      if line.startswith("errorstat_WRONGPASS")]
            self.assertEqual(failed, ["errorstat_WRONGPASS:count=1"])
            with Asker("redis", redis.url, password="right-c4nary") as a:
                self.assertEqual(a.ask("PING")["fault"], "none")
            redis.ask("ACL", "SETUSER", "watch", "on", ">s3cret", "+ping", "+info")
            url = redis.url.replace("redis://", "redis://watch@")
            with Asker("redis", url, password="s3cret") as a:
                self.assertEqual(a.ask("PING")["fault"], "none")
                r = a.ask("LLEN", "q")
                self.assertEqual((r["fault"], r["word"]), ("credentials", "NOPERM"))
                self.assertEqual(a.ask("PING")["fault"], "none")

    def test_a_password_that_nobody_wants_is_no_outage(self):
        with Redis() as redis, Asker("redis", redis.url, password="x") as a:
            self.assertEqual(a.ask("PING")["fault"], "none")

    def test_r2_loading_is_said_so(self):
        with Redis(extra=["--key-load-delay", "2000", "--loading-process-events-interval-bytes",
                          "1024"]) as redis:
            redis.ask("DEBUG", "POPULATE", "20000", "k", "100")
            redis.ask("SAVE")
            redis.stop(peers.signal.SIGKILL)
            with Asker("redis", redis.url) as a:
                self.assertEqual(a.ask("PING")["fault"], "refused")
                redis.start()
                r = a.ask("PING")
                self.assertEqual((r["fault"], r["word"]), ("status", "LOADING"), r)
                self.assertIn("loading:1", a.ask("INFO", "persistence")["values"][0])

    def test_r2_busy_masterdown_misconf(self):
        with Redis(extra=["--busy-reply-threshold", "50"]) as redis, Asker(
                "redis", redis.url) as a:
            a.ask("PING")
            script = subprocess.Popen(["redis-cli", "-s", redis.socket_path, "EVAL",
                                       "while true do end", "0"], stdout=subprocess.DEVNULL)
            try:
                wait_until(lambda: a.ask("PING", timeout=400)["word"] == "BUSY", what="BUSY")
            finally:
                redis.ask("SCRIPT", "KILL")
                script.wait(5)
            self.up(a)
            redis.ask("REPLICAOF", "127.0.0.1", str(peers.free_port()))
            redis.ask("CONFIG", "SET", "replica-serve-stale-data", "no")
            self.assertEqual(a.ask("LLEN", "q")["word"], "MASTERDOWN")
            redis.ask("REPLICAOF", "NO", "ONE")
            self.up(a)

    def test_a_full_server_says_so(self):
        with Redis() as redis, Asker("redis", redis.url) as a, Asker("redis", redis.url) as b:
            self.assertEqual(a.ask("PING")["fault"], "none")
            redis.ask("CONFIG", "SET", "maxclients", "1")
            r = b.ask("PING")
            self.assertEqual(r["fault"], "too many clients", r)
            self.assertEqual(a.ask("PING")["fault"], "none")  # was there before
            a.ask("PING")
        self.assertIsNone(redis.dir)

    def test_r5_a_wrong_type_is_an_error_of_its_own(self):
        with Redis() as redis, Asker("redis", redis.url) as a:
            redis.ask("SET", "k", "v")
            r = a.ask("LLEN", "k")
            self.assertEqual((r["fault"], r["word"]), ("status", "WRONGTYPE"))
            redis.ask("RPUSH", "long", *["x"] * 1000)
            self.assertEqual(a.ask("LLEN", "long")["values"], [1000])

    def test_a_string_beyond_the_cap_is_refused(self):
        with Redis() as redis, Asker("redis", redis.url) as a:
            redis.ask("SETRANGE", "big", str(4 << 20), "x")
            before = a.figure("rss")
            r = a.ask("GET", "big")
            self.assertEqual(r["fault"], "too big", r)
            if SLACK == 1.0:
                self.assertLess(a.figure("rss") - before, 2048)
            self.assertEqual(a.ask("PING")["fault"], "none")

    def test_r8_a_frozen_server_ends_at_the_deadline_and_recovers(self):
        with Redis() as redis, Asker("redis", redis.url) as a:
            a.ask("PING")
            fds = a.figure("fds")
            redis.sigstop()
            for _ in range(3):
                begin = time.monotonic()
                r = a.ask("PING", timeout=300)
                self.assertEqual(r["fault"], "timeout", r)
                self.assertLess(time.monotonic() - begin, 0.45 * SLACK)
            redis.sigcont()
            self.up(a)
            wait_until(lambda: a.figure("fds") <= fds, what="descriptors back")

    def test_a_killed_server_is_told_in_milliseconds_and_back_at_the_next_poll(self):
        with Redis() as redis, Asker("redis", redis.url) as a:
            a.ask("PING")
            begin = time.monotonic()
            redis.kill()
            a.wait_closed()
            self.assertLess(time.monotonic() - begin, 0.5 * SLACK)
            self.assertEqual(a.ask("PING")["fault"], "refused")
            redis.start()
            begin = time.monotonic()
            self.up(a)
            self.assertLess(time.monotonic() - begin, 1.0 * SLACK)

    def test_r10_killed_by_the_server_a_hundred_times_leaves_nothing(self):
        with Redis() as redis, Asker("redis", redis.url) as a:
            a.ask("PING")
            fds = a.figure("fds")
            for _ in range(100):
                redis.ask("CLIENT", "KILL", "TYPE", "normal")
                self.assertEqual(a.ask("PING")["fault"], "none")
            self.assertLessEqual(a.figure("fds"), fds)
            self.assertLess(a.closed, 20)  # asks at once: not a hundred

    def test_an_unknown_name_is_dns(self):
        with Asker("redis", "redis://no-such-host.invalid") as a:
            r = a.ask("PING", timeout=3000)
            self.assertEqual(r["fault"], "dns", r)


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.tempfile.mkdtemp(prefix="midwatch-certs-")
        for name, host, days in (("good", "127.0.0.1", "2"), ("wrong", "10.9.9.9", "2")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                            days, "-subj", f"/CN={host}", "-addext",
                            f"subjectAltName=IP:{host}", "-keyout", f"{cls.certs}/{name}.key",
                            "-out", f"{cls.certs}/{name}.crt"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        peers.shutil.rmtree(cls.certs)

    def redis(self, name):
        crt, key = f"{self.certs}/{name}.crt", f"{self.certs}/{name}.key"
        return Redis(tls=(crt, key, crt), password="c4nary")

    def test_a_verified_server_is_asked(self):
        with self.redis("good") as redis, Asker("redis", redis.url, f"{self.certs}/good.crt",
                                                password="c4nary") as a:
            r = a.ask("PING")
            self.assertEqual(r["fault"], "none", r)
            self.assertGreater(r["phases"][2], 0)
            self.assertIn("redis_version", a.ask("INFO")["values"][0])
            redis.kill()
            a.wait_closed()

    def test_a_stranger_gets_no_password(self):
        with self.redis("good") as redis:
            for ca, why in (("-", "self-signed certificate"),
                            (f"{self.certs}/wrong.crt", "self-signed certificate")):
                with Asker("redis", redis.url, ca, password="c4nary") as a:
                    r = a.ask("PING")
                    self.assertEqual((r["fault"], r["why"]), ("tls", why))
        with self.redis("wrong") as redis, Asker("redis", redis.url, f"{self.certs}/wrong.crt",
                                                 password="c4nary") as a:
            r = a.ask("PING")
            self.assertEqual((r["fault"], r["why"]), ("tls", "wrong host"))
        with self.redis("wrong") as redis, Asker("redis", redis.url, "-", "insecure",
                                                 password="c4nary") as a:
            self.assertEqual(a.ask("PING")["fault"], "none")

    def test_a_plain_server_gives_no_handshake(self):
        with Redis() as redis, Asker("redis", redis.url.replace("redis:", "rediss:")) as a:
            for ms in (300, 1300):  # within the limit of connecting, and beyond it
                r = a.ask("PING", timeout=ms)
                self.assertEqual((r["fault"], r["why"]),
                                 ("timeout", f"no TLS handshake within {ms} ms"))
            fds = a.figure("fds")
            a.ask("PING", timeout=300)
            self.assertEqual(a.figure("fds"), fds)


if __name__ == "__main__":
    try:
        peers.binary("redis-server", package="redis-server")
    except peers.Missing as why:
        missing = why
        peers.main(lambda: (_ for _ in ()).throw(missing))
    unittest.main(verbosity=1)
