#!/usr/bin/env python3
"""Nothing stays: whoever is killed, no process and (at the latest at the next start) no directory."""
import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from simulator import END_S, PROGRAM, SANITIZED, Simulator, alive, port_of, redis, run, tree, wait_for


class Lifetime(unittest.TestCase):
    def setUp(self):
        shm = os.path.ismount("/dev/shm") and not os.statvfs("/dev/shm").f_flag & os.ST_NOEXEC
        self.base = tempfile.mkdtemp(prefix="mw-life-", dir="/dev/shm" if shm else "/tmp")
        os.chmod(self.base, 0o777)
        self.env = dict(os.environ, TMPDIR=self.base)

    def tearDown(self):
        shutil.rmtree(self.base, ignore_errors=True)

    def start(self, *args, **kw):
        return Simulator("ratemyunit", *args, env=self.env, **kw)

    def gone(self, pids, seconds=4):
        wait_for(f"none of {pids} runs", lambda: not any(alive(p) for p in pids), seconds)

    def processes(self, s):
        wait_for("servers run", lambda: len(tree(s.process.pid)) > 4)
        found = tree(s.process.pid)
        self.assertGreater(len(found), 4)  # guardian, worker, redis, postmaster and its own
        return found

    def shared(self):
        """Shared memory of PostgreSQL, by name and by number, that nobody uses."""
        used = "".join(pathlib.Path(m).read_text() for m in self.maps())
        names = {n for n in os.listdir("/dev/shm") if n.startswith("PostgreSQL.") and n not in used}
        rows = [r.split() for r in pathlib.Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
        return names | {r[1] for r in rows if int(r[3]) == 56 and int(r[6]) == 0}

    @staticmethod
    def maps():
        for p in pathlib.Path("/proc").iterdir():
            if p.name.isdigit() and "postgres" in Lifetime.name(p.name):
                try:
                    (p / "maps").read_text()
                    yield p / "maps"
                except OSError:
                    pass

    def left(self):
        return [p.name for p in pathlib.Path(self.base).iterdir()
                if p.name.startswith("midwatch-sim-")]

    def test_end_of_stdin_ends_everything_within_two_seconds(self):
        s = self.start().ready()
        pids = self.processes(s)
        code, took = s.end()
        self.assertEqual(code, 0)
        self.assertLess(took, END_S)
        self.gone(pids, 0.5)
        self.assertFalse(os.path.exists(s.dir))

    def test_end_before_the_servers_are_ready(self):
        s = self.start()
        code, took = s.end()
        self.assertEqual((code, self.left()), (0, []))
        self.assertLess(took, END_S)

    def test_no_shared_memory_stays_of_a_start_cut_short(self):
        for i in range(6):
            before = self.shared()
            s = self.start()
            select.select([], [], [], 0.12 * i)  # at any point of initdb and of the start
            servers = tree(s.process.pid)
            if i % 2:
                s.process.kill()
            s.end()
            self.gone(servers)
            wait_for("nothing new", lambda: not self.left() and not self.shared() - before)

    def test_signals_end_everything(self):
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            s = self.start().ready()
            pids = self.processes(s)
            s.process.send_signal(sig)
            self.assertEqual(s.process.wait(timeout=5), 0)
            self.gone(pids, 0.5)
            self.assertEqual(self.left(), [])
            s.end()

    def test_killed_guardian_leaves_nothing(self):
        s = self.start().ready()
        pids = self.processes(s)
        s.process.kill()
        self.gone(pids)
        wait_for("no directory", lambda: not self.left())
        s.end()

    def test_killed_worker_is_told_and_leaves_nothing(self):
        s = self.start().ready()
        pids = self.processes(s)
        os.kill(s.pids()["worker"], signal.SIGKILL)
        line = s.line()
        self.assertEqual(line["event"], "failed")
        self.assertIn("worker ended with signal 9", line["why"])
        self.assertEqual(s.process.wait(timeout=5), 1)
        self.gone(pids, 0.5)
        self.assertEqual(self.left(), [])
        s.end()

    def test_guardian_and_worker_killed_at_once_are_swept_by_the_next_start(self):
        s = self.start().ready()
        pids = self.processes(s)
        os.kill(s.pids()["worker"], signal.SIGSTOP)  # so that it cannot clean up
        s.process.kill()
        for pid in pids:
            if alive(pid) and pid != s.process.pid and "midwatch-sim" in self.name(pid):
                os.kill(pid, signal.SIGKILL)
        self.gone(pids)
        self.assertEqual(len(self.left()), 1)
        s.end()
        t = self.start()
        self.assertEqual(self.left(), [os.path.basename(t.dir)])
        t.end()

    def test_a_directory_that_is_just_being_made_is_left_alone(self):
        born = pathlib.Path(self.base, "midwatch-sim-born")
        born.mkdir()
        for settled in (None, "", "\n"):  # no lock, a lock that nobody holds yet, one that nobody holds any more
            if settled is not None:
                (born / "lock").write_text(settled)
            self.start().end()
            self.assertEqual(born.exists(), not settled, settled)

    @staticmethod
    def name(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return ""

    def test_killed_parent_leaves_nothing(self):
        # a parent of ours that holds the lifeline and is killed
        code = ("import subprocess,sys;p=subprocess.Popen([sys.argv[1],'ratemyunit','--quiet'],"
                "stdin=subprocess.PIPE);p.wait()")
        parent = subprocess.Popen([sys.executable, "-c", code, PROGRAM], env=self.env,
                                  stdout=subprocess.PIPE, text=True)
        parent.stdout.readline()
        self.assertIn("ready", parent.stdout.readline())
        pids = [p for p in tree(parent.pid) if p != parent.pid]
        self.assertGreater(len(pids), 4)
        parent.kill()
        parent.wait()
        self.gone(pids)
        wait_for("no directory", lambda: not self.left())
        parent.stdout.close()

    def test_frozen_servers_do_not_hold_up_the_end(self):
        s = self.start().ready()
        pids = self.processes(s)
        servers = s.pids()
        for name in ("postgres", "redis"):
            os.kill(servers[name], signal.SIGSTOP)
        code, took = s.end()
        self.assertEqual(code, 0)
        self.assertLess(took, END_S + 0.5)
        self.gone(pids, 0.5)
        self.assertEqual(self.left(), [])

    def test_frozen_redis_is_an_error_in_time(self):
        s = self.start().ready()
        os.kill(s.pids()["redis"], signal.SIGSTOP)
        a = s.get("api", "/health")
        self.assertEqual((a.code, a.json["redis"]), (503, "error"))
        self.assertLess(a.took, 2)
        os.kill(s.pids()["redis"], signal.SIGCONT)
        self.assertEqual(s.get("api", "/health").code, 200)
        s.end()

    def test_killed_server_is_an_outage_that_the_fault_switch_mends(self):
        s = self.start().ready()
        os.kill(s.pids()["redis"], signal.SIGKILL)
        wait_for("health sees it", lambda: s.get("api", "/health").code == 503)
        self.assertIsNone(s.process.poll())
        s.fault("redis_down")
        s.fault("redis_down", on=False)
        self.assertEqual(s.get("api", "/health").code, 200)
        s.end()

    def test_two_at_once_do_not_meet(self):
        a, b = self.start(), self.start()
        a.ready(), b.ready()
        ports = [port_of(u) for s in (a, b) for u in (s.vars["api"], s.vars["redis"], s.control)]
        self.assertEqual(len(set(ports)), len(ports))
        self.assertTrue(all(20000 <= p < 32000 for p in ports))  # never handed to a client
        a.fault("redis_down")
        self.assertEqual(b.get("api", "/health").code, 200)
        a.end()
        self.assertEqual(b.get("api", "/health").code, 200)
        b.end()
        self.assertEqual(self.left(), [])

    def test_a_directory_of_ones_own(self):
        mine = os.path.join(self.base, "here")
        s = self.start("--dir", mine).ready()
        self.assertEqual(s.dir, mine)
        other = self.start("--dir", mine)
        self.assertEqual(other.first["event"], "failed")
        self.assertIn("another midwatch-sim lives there", other.first["why"])
        self.assertEqual(other.end()[0], 1)
        self.assertEqual(s.get("api", "/health").code, 200)
        s.end()
        self.assertFalse(os.path.exists(mine))
        os.mkdir(mine)
        pathlib.Path(mine, "thesis.txt").write_text("mine")
        s = self.start("--dir", mine)
        self.assertIn("is not empty", s.first["why"])
        s.end()
        self.assertEqual(os.listdir(mine), ["thesis.txt"])

    def test_missing_servers_are_named_with_their_package(self):
        for name, word in (("MIDWATCH_SIM_PG_BIN", "apt-get install postgresql-15"),
                           ("MIDWATCH_SIM_REDIS_SERVER", "apt-get install redis-server")):
            done = subprocess.run([PROGRAM, "ratemyunit"], env=dict(self.env, **{name: "/none"}),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn('"event":"failed"', done.stdout)
            self.assertIn(word, done.stdout)

    def test_a_server_that_cannot_start_is_reported_with_its_words(self):
        fake = os.path.join(self.base, "redis-server")
        pathlib.Path(fake).write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
        os.chmod(fake, 0o755)
        s = Simulator("ratemyunit", env=dict(self.env, MIDWATCH_SIM_REDIS_SERVER=fake))
        line = s.line()
        self.assertEqual(line["event"], "failed")
        self.assertIn("redis ended with exit code 3: no such luck", line["why"])
        self.assertEqual(s.process.wait(timeout=5), 1)
        s.end()
        self.assertEqual(self.left(), [])

    def test_usage_errors_are_64(self):
        for argv in ([], ["nosuch"], ["ratemyunit", "--what"], ["--list"], ["ctl"],
                     ["ctl", "http://127.0.0.1:1", "dance"]):
            done = subprocess.run([PROGRAM, *argv], stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual((done.returncode, done.stdout), (64, b""), argv)
        out = subprocess.run([PROGRAM, "--list", "neurmatic"], capture_output=True, text=True)
        self.assertEqual(out.returncode, 0)
        self.assertIn("db_slow=1500", out.stdout)

    def test_ctl_speaks_to_a_running_one(self):
        s = self.start().ready()

        def ctl(*argv):
            return subprocess.run([PROGRAM, "ctl", s.control, *argv], capture_output=True, text=True)
        self.assertEqual(ctl("fault", "html_200").returncode, 0)
        self.assertIn("<html", s.get("api", "/health").text)
        self.assertEqual(ctl("fault", "html_200", "off").returncode, 0)
        self.assertEqual(s.get("api", "/health").code, 200)
        bad = ctl("fault", "nosuch")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("unknown fault 'nosuch'", bad.stderr)
        self.assertEqual(ctl("clock", "60").returncode, 0)
        s.end()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_servers_of_root_run_without_its_rights(self):
        s = self.start().ready()
        pids = s.pids()
        for name in ("postgres", "redis"):
            self.assertNotEqual(os.stat(f"/proc/{pids[name]}").st_uid, 0)
        s.end()

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_a_plain_user_can_run_it(self):
        nobody = pwd.getpwnam("nobody")
        copy = os.path.join(self.base, "midwatch-sim")
        shutil.copy(PROGRAM, copy)  # the build tree may be closed to others
        os.chmod(copy, 0o755)
        s = self.start(program=copy, wrap=["setpriv", f"--reuid={nobody.pw_uid}",
                                           f"--regid={nobody.pw_gid}", "--clear-groups"]).ready()
        self.assertEqual(os.stat(f"/proc/{s.pids()['postgres']}").st_uid, nobody.pw_uid)
        self.assertEqual(s.get("api", "/health").code, 200)
        s.fault("db_down")
        s.fault("db_down", on=False)
        self.assertEqual(s.get("api", "/health").code, 200)
        self.assertEqual(redis(port_of(s.vars["redis"]), "PING"), "+PONG")
        pids = self.processes(s)
        self.assertEqual(s.end()[0], 0)
        self.gone(pids, 0.5)
        self.assertEqual(self.left(), [])

    def test_ports_of_dead_listeners_are_free_again(self):
        s = self.start().ready()
        port = port_of(s.vars["api"])
        s.end()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))

    def test_ready_is_quick(self):
        begin = time.monotonic()
        s = self.start()
        ports_s = time.monotonic() - begin
        s.ready()
        if not SANITIZED:
            self.assertLess(ports_s, 0.5)  # at once
            self.assertLess(s.ready_s, 5)  # 1.3 s on two idle cores
        s.end()


run()
