"""One running midwatch-sim, for the tests beside this file: start, ask, inject, end."""
import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

PROGRAM = os.environ.get("MIDWATCH_SIM", "build/examples/sim/midwatch-sim")
SKIP = 77
SANITIZED = os.environ.get("MIDWATCH_SANITIZE", "none") != "none"
END_S = 10.0 if SANITIZED else 5.0  # an end waits for PostgreSQL to stop, which waits for the disk


def wait_for(what, condition, seconds=5.0):
    """The condition's first true answer; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        select.select([], [], [], 0.02)


class Answer:
    def __init__(self, code, headers, text, took):
        self.code, self.headers, self.text, self.took = code, headers, text, took

    @property
    def json(self):
        return json.loads(self.text)


def ask(url, method="GET", body=None, headers=None, timeout=15):
    """An Answer, whatever the code; None when the connection is refused or cut."""
    begin = time.monotonic()
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        reply = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        reply = error
    except (urllib.error.URLError, ConnectionError):
        return None
    with reply:
        text = reply.read().decode()
    return Answer(reply.getcode(), reply.headers, text, time.monotonic() - begin)


class Simulator:
    def __init__(self, system, *args, wrap=(), program=PROGRAM, **popen):
        self.begin = time.monotonic()
        self.process = subprocess.Popen([*wrap, program, system, "--quiet", *args],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen)
        first = self.line()
        if first["event"] == "failed" and "is not installed" in first["why"]:
            print("skipped:", first["why"])
            sys.exit(SKIP)
        self.first = first
        self.vars = first.get("vars", {})
        self.control, self.dir = first.get("control"), first.get("dir")

    def line(self, seconds=30):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise AssertionError("no line from midwatch-sim")
        return json.loads(self.process.stdout.readline())

    def ready(self):
        line = self.line()
        assert line == {"event": "ready"}, line
        self.ready_s = time.monotonic() - self.begin
        return self

    def get(self, name, path, **kw):
        return ask(self.vars[name] + path, **kw)

    def sim(self, path, body=None):
        return ask(self.control + "/__sim/" + path, "POST" if body is not None else "GET", body)

    def fault(self, name, on=True, **kw):
        answer = self.sim("fault", {"name": name, "on": on, **kw})
        assert answer.code == 200, answer.text
        return answer.json

    def pids(self):
        return self.sim("state").json["pids"]

    def tool(self, *argv, **kw):
        return subprocess.run([f"{self.dir}/bin/{argv[0]}", *argv[1:]], capture_output=True,
                              text=True, timeout=60, **kw)

    def end(self):
        """Ends its lifeline; the exit code and the seconds it took."""
        begin = time.monotonic()
        self.process.stdin.close()
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        return code, time.monotonic() - begin


def sql(conninfo, query):
    """Rows of a query as lists of text, by psql; the error text when it fails."""
    done = subprocess.run(["psql", conninfo, "-XAt", "-F", "\t", "-c", query],
                          capture_output=True, text=True, timeout=20)
    if done.returncode:
        return done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def redis(port, *words, password=None):
    """One command over a connection of its own; the first reply line and what follows, as text."""
    commands = [["AUTH", password]] if password else []
    commands.append(words)
    text = "".join(f"*{len(c)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in c) for c in commands)
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as s:
        s.sendall((text + "*1\r\n$4\r\nQUIT\r\n").encode())
        data = b""
        while chunk := s.recv(65536):
            data += chunk
    reply = data.decode()
    if password:
        reply = reply.split("\r\n", 1)[1]
    return reply.rsplit("+OK", 1)[0].strip()


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def alive(pid):
    """True for a process that runs; a zombie waits for its parent only."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def tree(pid):
    """A process and all that descend from it."""
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        try:
            todo += [int(c) for t in pathlib.Path(f"/proc/{p}/task").iterdir()
                     for c in (t / "children").read_text().split()]
        except OSError:
            pass
    return found


class SystemCase(unittest.TestCase):
    """One simulator for all tests of a class, put back after each; `well` says when it is."""
    SYSTEM = None
    WELL_S = 15

    @classmethod
    def setUpClass(cls):
        cls.s = Simulator(cls.SYSTEM).ready()

    @classmethod
    def tearDownClass(cls):
        code, took = cls.s.end()
        assert code == 0 and took < END_S, (code, took)

    def tearDown(self):
        answer = self.s.sim("reset", {})
        self.assertEqual(answer.code, 200, answer.text)
        wait_for("well again", self.well, self.WELL_S)

    def well(self):
        raise NotImplementedError

    def answers(self, path):
        """The API answers it with 200."""
        answer = self.s.get("api", path)
        return answer and answer.code == 200

    def lines(self):
        """The log, a dictionary a line."""
        text = pathlib.Path(self.s.vars["log"]).read_text()
        return [json.loads(line) for line in text.splitlines()]

    def redis(self, *words):
        return redis(port_of(self.s.vars["redis"]), *words)


def run(module="__main__"):
    if not shutil.which("psql"):
        print("skipped: psql is not installed")
        sys.exit(SKIP)
    unittest.main(module=module, verbosity=2)
