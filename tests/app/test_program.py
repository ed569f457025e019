#!/usr/bin/env python3
"""The program as scripts and shells meet it: exit codes, reports, reload, signals, bad terminals."""
import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "harness"))
from pty import Screen  # noqa: E402  (tests/harness/pty.py)

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
SANITIZE = os.environ.get("MIDWATCH_SANITIZE", "none")


class Source:
    """A health page on loopback whose answer a test changes."""

    def __init__(self, code=200, body='{"status":"UP"}', kind="application/json"):
        outer = self
        self.code, self.body, self.kind = code, body, kind

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                data = outer.body if isinstance(outer.body, bytes) else outer.body.encode()
                self.send_response(outer.code)
                self.send_header("Content-Type", outer.kind)
                self.send_header("Content-Length", str(len(data)))
                with contextlib.suppress(ConnectionError):  # who asked may be gone
                    self.end_headers()
                    self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/health"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


def run(*args, env=None, **kw):
    return subprocess.run([MIDWATCH, *args], capture_output=True, text=True, timeout=30,
                          env=dict(os.environ, LC_ALL="C.UTF-8", **(env or {})), **kw)


def config(url, extra=""):
    return (f"watch: t\nenvironment: staging\nservices:\n  web:\n    critical: true\n    probes:\n"
            f"      health: {{ http: '{url}', every: 1s, timeout: 500ms }}\n{extra}")


class Status(unittest.TestCase):
    def test_exit_codes_speak_of_the_watched_system(self):
        for code, body, expected in ((200, '{"status":"UP"}', 0),
                                     (200, '{"status":"DEGRADED"}', 1),
                                     (503, '{"status":"DOWN"}', 2),
                                     (200, "{}", 3)):
            with self.subTest(body=body), Source(code, body) as s:
                done = run("status", s.url)
                self.assertEqual(done.returncode, expected, done.stdout + done.stderr)

    def test_the_report_stands_in_columns_and_in_ascii(self):
        with tempfile.TemporaryDirectory() as d, Source() as s:
            path = pathlib.Path(d) / "w.yaml"
            path.write_text(config(s.url, f"      a_long_name: {{ http: '{s.url}' }}\n"))
            rows = run("status", str(path)).stdout.split("\n\n", 1)[1].splitlines()
            self.assertEqual({row.index(" up ") for row in rows}, {rows[0].index(" up ")}, rows)
            self.assertIn("●", rows[0])
            done = run(str(path), "--ascii", stdin=subprocess.DEVNULL)
            self.assertTrue(done.stdout.isascii(), done.stdout)

    def test_columns_stay_in_ascii(self):
        with tempfile.TemporaryDirectory() as d, Source() as s:
            path = pathlib.Path(d) / "w.yaml"
            path.write_text(config(s.url).rstrip() + f"""
  wide: {{ title: '東京 · größe', probes: {{ p: {{ http: '{s.url}' }} }} }}
  long: {{ title: a title of some length, probes: {{ p: {{ http: '{s.url}' }} }} }}
""")
            rows = run(str(path), "--ascii", stdin=subprocess.DEVNULL).stdout.split("\n\n", 1)[1].splitlines()
            self.assertEqual({row.index(" up ") for row in rows}, {rows[0].index(" up ")}, rows)
            self.assertTrue(any("???? . gr??e" in row for row in rows), rows)

    def test_refused_is_down(self):
        done = run("status", "http://127.0.0.1:9/health")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stdout, r"^DOWN ")
        self.assertIn("refused", done.stdout)

    def test_json_is_the_board(self):
        with Source() as s:
            board = json.loads(run("status", "--json", s.url).stdout)
        self.assertEqual(board["midwatch_board"], 1)
        self.assertEqual(board["verdict"]["state"], "up")
        reading = board["services"][0]["readings"][0]
        self.assertEqual((reading["state"], reading["http_code"]), ("up", 200))

    def test_an_interrupted_report_is_none(self):
        """Half a report, and its exit code, would read like a whole one."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            with subprocess.Popen([MIDWATCH, "status", "http://127.0.0.1:%d/" % silent.getsockname()[1]],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
                silent.settimeout(20)
                asked, _ = silent.accept()
                p.send_signal(signal.SIGINT)
                out, err = p.communicate(timeout=20)
                asked.close()
        self.assertEqual((p.returncode, out), (130, ""), err)
        self.assertIn("interrupted", err)

    def test_hostile_body_reaches_no_terminal(self):
        evil = "\\u001b]0;owned\\u0007\\u001b[2J\\r\\bA\\u202eB\\u009b31m"
        body = ('{"status":"%s","version":"%s","checks":{"%s":{"status":"down","output":"%s"}}}'
                % ((evil,) * 4))
        with Source(200, body) as s:
            for args in (("status", s.url), ("status", "--json", s.url)):
                out = run(*args).stdout
                self.assertFalse(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]",
                                           out), repr(out))

    def test_without_utf8_only_ascii_leaves(self):
        with Source(503, '{"status":"DOWN","components":{"größe":{"status":"DOWN"}}}') as s:
            out = subprocess.run([MIDWATCH, "status", s.url], capture_output=True, timeout=30,
                                 env=dict(os.environ, LC_ALL="C")).stdout
        self.assertTrue(all(b < 0x80 for b in out), out)
        self.assertIn(b"gr??e", out.replace(b"gr????e", b"gr??e"))


class Descriptors(unittest.TestCase):
    """What the caller closed is no place for a socket, and what could not be said is no success."""

    def shell(self, line):
        return subprocess.run(["/bin/sh", "-c", line, "sh", MIDWATCH], capture_output=True, text=True,
                              timeout=30)

    def test_closed_descriptors(self):
        for closed, code in (("<&-", 2), (">&-", 74), ("2>&-", 2), ("<&- >&- 2>&-", 74)):
            with self.subTest(closed=closed):
                done = self.shell(f'"$1" status http://127.0.0.1:9/ {closed}')
                self.assertEqual(done.returncode, code, done.stderr)

    def test_a_full_disk_and_a_closed_pipe(self):
        for args in ("status http://127.0.0.1:9/", "schema", "--help", "--version", "help status",
                     "init http://127.0.0.1:9/"):
            with self.subTest(args=args):
                self.assertEqual(self.shell(f'"$1" {args} >/dev/full').returncode, 74)
        done = self.shell('{ "$1" status http://127.0.0.1:9/; echo $? >&2; } | true')
        self.assertIn(done.stderr.strip(), ("2", "74"))

    def test_init_leaves_no_half_file_on_a_full_disk(self):
        with tempfile.TemporaryDirectory() as d:
            done = self.shell(f'ulimit -f 0; trap "" XFSZ; "$1" init http://127.0.0.1:9/ -o {d}/w.yaml')
            self.assertEqual(done.returncode, 73, done.stderr)
            self.assertEqual(os.listdir(d), [])

    def test_a_password_on_the_command_line_is_warned_about(self):
        done = run("status", "http://user:hunter2@127.0.0.1:9/")
        self.assertEqual(done.returncode, 2)
        self.assertIn("password was on the command line", done.stderr)
        self.assertNotIn("hunter2", done.stdout + done.stderr)


class Usage(unittest.TestCase):
    def test_usage_error_is_64_with_the_nearest_word(self):
        done = run("--jsn")
        self.assertEqual(done.returncode, 64)
        done = run("statsu")
        self.assertEqual(done.returncode, 64)
        self.assertIn("status", done.stderr)

    def test_bad_configuration_is_78_and_check_says_2(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "bad.yaml")
            pathlib.Path(path).write_text(config("http://127.0.0.1:9/", "  web2: { prbes: {} }\n"))
            for args, code in ((("status", path), 78), ((path,), 78), (("check", path), 2)):
                done = run(*args)
                self.assertEqual(done.returncode, code)
                self.assertRegex(done.stderr, r"bad\.yaml:8:\d+: services\.web2\.prbes: .*'probes'")

    def test_a_file_that_is_not_there_says_what_to_do(self):
        done = run("status", "example.org")
        self.assertEqual(done.returncode, 78)
        self.assertIn("no file 'example.org'; an address begins with https://", done.stderr)

    def test_no_configuration_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as d:
            done = run(cwd=d, env={"XDG_CONFIG_HOME": d, "HOME": d})
        self.assertEqual(done.returncode, 64)
        self.assertIn("midwatch demo", done.stderr)

    def test_no_terminal_prints_the_report(self):
        with Source() as s:
            done = run(s.url, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^UP ")

    def test_init_writes_what_check_accepts(self):
        with tempfile.TemporaryDirectory() as d, Source() as s:
            path = os.path.join(d, "midwatch.yaml")
            self.assertEqual(run("init", s.url, "redis://127.0.0.1:9", "-o", path).returncode, 0)
            self.assertEqual(run("check", path).returncode, 0)

    def test_help_of_every_command_has_an_example(self):
        for word in ("status", "check", "init", "demo", "schema", "completion"):
            done = run(word, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("midwatch " + word, done.stdout)


def debug_after(path, at_ms, seconds=10):
    """The debug file as it is written after that moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(FileNotFoundError):
            now = json.loads(path.read_text())
            if now["at_ms"] > at_ms:
                return now
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written within {seconds} s")


def runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "XZ"
    except FileNotFoundError:
        return False


def wait_end(pid, seconds=10):
    """Of a child of the shell's, which may take its time to notice."""
    until = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > until:
            raise AssertionError(f"process {pid} still runs after {seconds} s")
        time.sleep(0.02)


class Console(unittest.TestCase):
    def start(self, *args, **kw):
        return Screen([MIDWATCH, *args], cols=120, rows=36, **kw)

    def test_dumb_terminal_prints_the_report(self):
        with Source() as src, self.start(src.url, env={"TERM": "dumb"}) as s:
            s.wait_for("report instead", seconds=5)
            s.wait_for("UP", seconds=5)
            self.assertEqual(s.wait_exit(seconds=5)["status"], 0)

    def test_reload_keeps_the_old_configuration_when_the_new_is_bad(self):
        with tempfile.TemporaryDirectory() as d, Source() as src:
            path = pathlib.Path(d) / "w.yaml"
            path.write_text(config(src.url))
            with self.start(str(path)) as s:
                s.wait_for(r"/^ *UP /", seconds=5)
                path.write_text(config(src.url, "  broken: { prbes: {} }\n"))
                s.signal("HUP")
                s.wait_for("old configuration stays", seconds=5)
                s.wait_for(r"/w\.yaml:8:/", seconds=5)
                path.write_text(config(src.url, "  second:\n    probes:\n      p: "
                                       f"{{ http: '{src.url}', every: 1s, timeout: 500ms }}\n"))
                s.type(":reload")
                s.key("Enter")
                s.wait_for("second", seconds=5)
                s.wait_for("reloaded: 1 service new", seconds=5)
                s.wait_gone(r"/w\.yaml:8:/", seconds=5)
                s.wait_for(r"/^ *UP /", seconds=5)
                s.wait_for("config reloaded: 1 service new", seconds=5)  # among the changes
                s.signal("HUP")
                s.wait_for("reloaded: nothing changed", seconds=5)

    def test_hang_up_ends_it_within_a_second(self):
        with Source() as src, self.start(src.url) as s:
            s.wait_for("UP", seconds=5)
            s.hangup()
            self.assertEqual(s.wait_exit(seconds=3)["status"], 1)

    def test_terminated_it_gives_the_terminal_back(self):
        with Source() as src, self.start(src.url) as s:
            s.wait_for("UP", seconds=5)
            s.signal("TERM")
            self.assertEqual(s.wait_exit(seconds=3)["status"], 0)
            modes = s.stty()
            self.assertTrue(modes["icanon"] and modes["echo"] and modes["isig"], modes)

    def test_suspended_the_shell_takes_over_and_brings_it_back(self):
        """Also when a script started it: the whole job stops, as with any key of the terminal's."""
        with Source() as src, Screen(["/bin/bash", "--norc", "-i"], env={"PS1": "sh> "}) as s:
            s.wait_for("sh>", seconds=5)
            for command in (f"{MIDWATCH} {src.url}; echo at its end",
                            f"/bin/sh -c '{MIDWATCH} {src.url}; echo at its end'"):
                s.type(command)
                s.key("Enter")
                s.wait_for(r"/^ *UP /", seconds=5)
                for _ in range(3):
                    s.key("C-z")
                    s.wait_for("Stopped", seconds=5)
                    s.type("fg")
                    s.key("Enter")
                    s.wait_gone("Stopped", seconds=5)
                    s.wait_for(r"/^ *UP /", seconds=5)
                s.key("?")
                s.wait_for("suspend to the shell", seconds=3)
                s.key("Esc")
                s.wait_gone("suspend to the shell", seconds=3)
                s.key("q")
                s.wait_for("/^at its end/", seconds=5)
                s.type("clear")
                s.key("Enter")
                s.wait_gone("at its end", seconds=3)

    @contextlib.contextmanager
    def job(self):
        """A console as a job of an interactive shell; yields its screen, process and debug file."""
        with tempfile.TemporaryDirectory() as d, Source() as src, Screen(
                ["/bin/bash", "--norc", "-i"], cols=120, rows=36,
                env={"PS1": "sh> ", "MIDWATCH_DEBUG_FILE": f"{d}/debug"}) as s:
            path = pathlib.Path(d) / "w.yaml"
            path.write_text(config(src.url))
            s.wait_for("sh>", seconds=5)
            s.type(f"{MIDWATCH} {path}")
            s.key("Enter")
            s.wait_for(r"/^ *UP /", seconds=5)
            debug = pathlib.Path(d) / "debug"
            yield s, debug_after(debug, 0)["pid"], debug

    def shell(self, s, line, expected):
        s.type(line)
        s.key("Enter")
        s.wait_for(expected, seconds=5)

    def test_suspended_it_ends_when_the_shell_says_so(self):
        """`kill %1` is TERM and CONT to a job in the background, which must not touch the terminal."""
        with self.job() as (s, pid, _):
            s.key("C-z")
            s.wait_for("Stopped", seconds=5)
            self.shell(s, "kill %1", "kill %1")
            wait_end(pid)

    def test_stopped_by_somebody_it_ends_when_the_shell_says_so(self):
        with self.job() as (s, pid, _):
            os.kill(pid, signal.SIGSTOP)
            s.wait_for("Stopped", seconds=5)
            self.shell(s, "kill %1", "kill %1")
            wait_end(pid)

    def test_in_the_background_it_watches_on_and_comes_back(self):
        with self.job() as (s, _, debug):
            s.key("C-z")
            s.wait_for("Stopped", seconds=5)
            self.shell(s, "bg", r"/\[1\].* &/")
            done = [debug_after(debug, time.time() * 1000)["slots"][0]["done"] for _ in range(3)]
            self.assertGreater(done[2], done[0])
            self.shell(s, "jobs; echo $((6*7))", "/^42/")  # no key was taken from the shell
            s.wait_for("Running")
            s.type("fg")
            s.key("Enter")
            s.wait_for(r"/^ *UP /", seconds=5)
            s.key("?")
            s.wait_for("suspend to the shell", seconds=3)

    def test_in_the_background_it_ends_with_its_shell(self):
        with self.job() as (s, pid, debug):
            s.key("C-z")
            s.wait_for("Stopped", seconds=5)
            self.shell(s, "bg", r"/\[1\].* &/")
            debug_after(debug, time.time() * 1000)
            s.hangup()
            wait_end(pid)

    def test_with_nobody_to_bring_it_back_it_does_not_stop(self):
        with Source() as src, self.start(src.url) as s:
            s.wait_for("UP", seconds=5)
            s.key("C-z")
            s.signal("TSTP")
            s.key("?")
            s.wait_for("suspend to the shell", seconds=3)

    def test_stopped_by_somebody_it_draws_itself_anew(self):
        with Source() as src, self.start(src.url) as s:
            s.wait_for("UP", seconds=5)
            s.signal("STOP")
            s.signal("CONT")
            s.key("?")
            s.wait_for("suspend to the shell", seconds=3)

    def test_a_thousand_reloads_cost_nothing(self):
        """Each makes one probe and ends one, and is waited for on the screen."""
        with tempfile.TemporaryDirectory() as d, Source() as src:
            path, debug = pathlib.Path(d) / "w.yaml", pathlib.Path(d) / "debug"
            path.write_text(config(src.url))
            with self.start(str(path), env={"MIDWATCH_DEBUG_FILE": str(debug)}) as s:
                s.wait_for(r"/^ *UP /", seconds=5)
                seen = []
                for n in range(1, 1001):
                    path.write_text(config(src.url, f"  number{n}:\n    probes:\n      p: "
                                           f"{{ http: '{src.url}', every: 1s, timeout: 500ms }}\n"))
                    s.signal("HUP")
                    s.wait_for(f"number{n} ", seconds=5)
                    if n in (300, 1000):
                        seen.append(debug_after(debug, time.time() * 1000))
                        self.assertEqual([slot["probe"] for slot in seen[-1]["slots"]],
                                         ["web.health", f"number{n}.p"])
                if SANITIZE == "none":  # a sanitizer keeps what was freed for a while
                    self.assertLessEqual(seen[1]["rss_kb"], seen[0]["rss_kb"] + 1024, seen)
                self.assertLessEqual(seen[1]["fds"], seen[0]["fds"] + 1, seen)

    def test_its_file_for_tests_is_written_through_no_link(self):
        with tempfile.TemporaryDirectory() as d, Source() as src:
            victim, debug = pathlib.Path(d) / "victim", pathlib.Path(d) / "debug"
            victim.write_text("mine")
            os.symlink(victim, f"{debug}.new")
            with self.start(src.url, env={"MIDWATCH_DEBUG_FILE": str(debug)}) as s:
                s.wait_for("UP", seconds=5)
                debug_after(debug, 0)
            self.assertEqual(victim.read_text(), "mine")
            self.assertEqual(debug.stat().st_mode & 0o777, 0o600)

    def test_every_size_is_survived(self):
        with Source() as src, Screen([MIDWATCH, src.url], cols=1, rows=1) as s:
            for cols, rows in ((2, 1), (1, 40), (40, 1), (7, 3), (40, 12), (300, 100), (80, 24)):
                s.resize(cols, rows)
            s.wait_for(r"/^ *UP /", seconds=5)
            s.key("q")
            self.assertEqual(s.wait_exit(seconds=3)["status"], 0)

    def test_a_dead_process_is_on_screen_before_its_next_slot(self):
        """A kept connection that closes unasked makes the probe ask at once."""
        with tempfile.TemporaryDirectory() as d:
            path = pathlib.Path(d) / "w.yaml"
            server = subprocess.Popen(
                [sys.executable, "-c", "import http.server\n"
                 "class H(http.server.BaseHTTPRequestHandler):\n"
                 " protocol_version='HTTP/1.1'\n"
                 " def do_GET(s):\n"
                 "  b=b'{\"status\":\"UP\"}'\n"
                 "  s.send_response(200); s.send_header('Content-Type','application/json')\n"
                 "  s.send_header('Content-Length',str(len(b))); s.end_headers(); s.wfile.write(b)\n"
                 " def log_message(*a): pass\n"
                 "h=http.server.ThreadingHTTPServer(('127.0.0.1',0),H)\n"
                 "print(h.server_port,flush=True); h.serve_forever()"], stdout=subprocess.PIPE)
            self.addCleanup(server.stdout.close)
            self.addCleanup(server.kill)
            port = int(server.stdout.readline())
            path.write_text(config(f"http://127.0.0.1:{port}/health")
                            .replace("every: 1s", "every: 60s"))
            with self.start(str(path)) as s:
                s.wait_for(r"/^ *UP /", seconds=5)
                server.send_signal(signal.SIGKILL)
                server.wait()
                s.wait_for(r"/failing 1.3: (refused|reset)/", seconds=5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
