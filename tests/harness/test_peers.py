#!/usr/bin/env python3
"""The real servers start, answer, can be stopped, frozen and started again, and leave nothing."""
import os
import pathlib
import signal
import subprocess
import sys
import unittest
import urllib.request
from unittest import mock

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent))
from harness import peers  # noqa: E402
from harness.peers import Nginx, Postgres, Redis, RedisError, wait_until  # noqa: E402


def gone(pid):
    return peers.proc_state(pid) in "ZX"


class PeersTest(unittest.TestCase):
    def test_a_port_is_chosen_once(self):
        port = peers.free_port()
        drawn = [(port - 10000).to_bytes(2, "big"), os.urandom(2), os.urandom(2), os.urandom(2)]
        with mock.patch("harness.peers.os.urandom", side_effect=drawn):
            self.assertNotEqual(peers.free_port(), port)
        there = "import sys; from harness import peers; print(peers.claim_port(int(sys.argv[1])))"
        for wanted, said in ((port, "False"), (1, "True")):  # another process is told as well
            self.assertEqual(subprocess.run([sys.executable, "-c", there, str(wanted)], text=True,
                                            stdout=subprocess.PIPE, cwd=HERE.parent.parent).stdout, said + "\n")

    def test_postgres_lives_dies_and_comes_back_with_its_data(self):
        with Postgres() as pg:
            pg.sql("CREATE TABLE t (x int); INSERT INTO t VALUES (42)")
            with pg.session("BEGIN; LOCK TABLE t"):
                self.assertEqual(pg.sql("SELECT count(*) FROM pg_locks WHERE mode = "
                                        "'AccessExclusiveLock' AND granted AND relation = "
                                        "'t'::regclass"), "1")
            everyone = pg.group()
            self.assertGreater(len(everyone), 3)
            pg.restart()
            self.assertEqual(pg.sql("SELECT x FROM t"), "42")
            everyone += pg.group()
            pg.kill()
            pg.start()
            everyone += pg.group()
            d = pg.dir
        wait_until(lambda: all(gone(p) for p in everyone), 5, "servers gone")
        self.assertFalse(os.path.exists(d))

    def test_redis_asks_for_its_password_and_speaks_on_its_socket(self):
        with Redis(password="p w") as r:
            self.assertEqual(r.ask("SET", "k", "v"), "OK")
            self.assertEqual(r.ask("GET", "k"), "v")
            r.password, kept = None, r.password
            self.assertIsInstance(r.ask("GET", "k"), RedisError)
            r.password = kept
        with Redis(unixsocket=True) as r:
            self.assertTrue(r.url.startswith("unix:/"))
            self.assertEqual(r.ask("RPUSH", "l", "a", "b"), 2)
            self.assertEqual(r.ask("LRANGE", "l", "0", "-1"), ["a", "b"])

    def test_a_stopped_server_answers_again_when_it_continues(self):
        with Redis(unixsocket=True) as r:
            r.sigstop()
            self.assertIn(peers.proc_state(r.pid), "Tt")
            r.sigcont()
            self.assertEqual(r.ask("PING"), "PONG")

    def test_nginx_serves_what_it_was_given(self):
        with Nginx("server { listen 127.0.0.1:{port}; root {dir}/www; }",
                   files={"www/a.txt": "hello"}) as n:
            self.assertEqual(urllib.request.urlopen(n.url + "/a.txt").read(), b"hello")

    def test_a_server_ends_with_a_test_that_is_killed(self):
        code = (f"import sys; sys.path.insert(0, {str(HERE.parent.parent)!r})\n"
                "from harness.peers import *\n"
                "r = Redis(unixsocket=True).__enter__(); n = Nginx().__enter__()\n"
                "p = Postgres().__enter__()\n"
                "print(*r.group(), *n.group(), *p.group(), flush=True)\n"
                "print(r.dir, n.dir, p.dir, os.path.dirname(p.template), flush=True); signal.pause()")
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        try:
            pids = [int(p) for p in child.stdout.readline().split()]
            dirs = child.stdout.readline().split()
            self.assertGreater(len(pids), 4)
            child.send_signal(signal.SIGKILL)
            child.wait()
            wait_until(lambda: all(gone(p) for p in pids), 10, "servers gone")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        for d in dirs:
            subprocess.run(["rm", "-rf", "--", d], check=True)

    def test_what_does_not_start_tells_why(self):
        with self.assertRaises(peers.PeerError) as caught:
            Redis(extra=["--no-such-option", "1"]).__enter__()
        self.assertIn("no-such-option", str(caught.exception))
        with self.assertRaises(peers.PeerError):
            Postgres(settings={"no_such_setting": "1"}).__enter__()


class MissingTest(unittest.TestCase):
    def code(self, **env):
        run = ("import sys; sys.path.insert(0, %r)\nfrom harness.peers import *\n"
               "main(lambda: binary('no-such-server', package='nothing'))" % str(HERE.parent.parent))
        return subprocess.run([sys.executable, "-c", run], env={**os.environ, **env},
                              capture_output=True).returncode

    def test_a_missing_server_skips_unless_that_is_forbidden(self):
        self.assertEqual(self.code(MIDWATCH_NO_SKIP="0"), 77)
        self.assertEqual(self.code(MIDWATCH_NO_SKIP="1"), 1)


def run():
    for program, package in (("redis-server", "redis-server"), ("nginx", "nginx-light"),
                             ("postgres", "postgresql-15")):
        peers.binary(program, package=package)
    return 0 if unittest.main(exit=False, argv=sys.argv).result.wasSuccessful() else 1


if __name__ == "__main__":
    peers.main(run)
