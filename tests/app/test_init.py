#!/usr/bin/env python3
"""`midwatch init` looks at a real server, and what it writes is taken by `check` and `status`."""
import http.server
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

MIDWATCH = os.environ["MIDWATCH"]
PAGES = {
    "/": ("text/html", "<!doctype html><p>welcome"),
    "/healthz": ("application/json", '{"status":"ok"}'),
    "/metrics": (
        "text/plain; version=0.0.4",
        'http_requests_total{method="GET",code="200"} 5\n'
        'http_request_duration_seconds_bucket{le="0.1"} 5\n'
        'http_request_duration_seconds_bucket{le="+Inf"} 5\n'
        "http_request_duration_seconds_sum 0.1\n"
        "http_request_duration_seconds_count 5\n",
    ),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        # every unknown path gives the page for people, as many servers do
        kind, body = PAGES.get(self.path, PAGES["/"])
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


def run(*args):
    return subprocess.run([MIDWATCH, *args], capture_output=True, text=True, timeout=30)


class InitTest(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "first.yaml"
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def test_what_is_found_is_written_and_works(self):
        done = run("init", "-o", str(self.path), self.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        text = self.path.read_text()
        self.assertIn(f'http: "{self.url}/healthz"\n        read: health\n', text)
        self.assertIn(f'metrics: "{self.url}/metrics"\n', text)
        self.assertIn("ratio: ['http_requests_total{code=~\"5..\"}', http_requests_total]", text)
        self.assertIn("quantile: 0.95\n", text)
        done = run("check", str(self.path))
        self.assertEqual(done.stdout, f"{self.path}: ok: 1 service, 4 probes, 0 variables\n")
        done = run("status", str(self.path))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = run("init", "-o", str(self.path), self.url)
        self.assertEqual(done.returncode, 73)
        self.assertIn("is there already and stays as it is", done.stderr)
        self.assertEqual(self.path.read_text(), text)

    def test_a_password_goes_nowhere(self):
        with socket.socket() as s:  # a port where nobody listens
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        done = run("init", f"postgres://u:hunter2@127.0.0.1:{port}/d", f"http://127.0.0.1:{port}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        self.assertIn("a password was on the command line", done.stderr)
        self.assertIn("password: env:POSTGRES_PASSWORD", done.stdout)
        self.path.write_text(done.stdout)
        self.assertEqual(run("check", str(self.path)).returncode, 0)


class SecretsTest(unittest.TestCase):
    """While the program runs nobody finds a password in /proc."""

    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))  # takes connections, says nothing
        self.addCleanup(self.listener.close)
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]

    def proc(self, args, env):
        child = subprocess.Popen([MIDWATCH, "status", "--timeout", "3s", *args], env=env,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        connection, _ = self.listener.accept()  # by now every secret was used
        self.addCleanup(connection.close)
        return pathlib.Path("/proc") / str(child.pid)

    def test_no_password_stays_in_the_arguments(self):
        proc = self.proc([f"postgres://u:hunter2@127.0.0.1:{self.port}/d"], os.environ)
        line = (proc / "cmdline").read_bytes()
        self.assertIn(b"postgres://u@127.0.0.1", line)
        self.assertNotIn(b"hunter2", line)

    def test_no_password_stays_in_the_environment(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.yaml"
            path.write_text(
                "watch: w\nservices: {db: {probes: {p: {postgres: "
                f"'host=127.0.0.1 port={self.port} user=u', password: env:MW_PW, timeout: 3s}}}}}}}}\n"
            )
            proc = self.proc([str(path)], {**os.environ, "MW_PW": "hunter2"})
            try:
                environ = (proc / "environ").read_bytes()
            except PermissionError:  # not dumpable: nobody but root may look at all
                return
            self.assertIn(b"PATH=", environ)
            self.assertNotIn(b"hunter2", environ)


if __name__ == "__main__":
    unittest.main()
