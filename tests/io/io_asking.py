"""Drives tests/io/asker (MIDWATCH_ASKER): the database clients against real servers."""
import json
import os
import select
import subprocess
import time

SANITIZED = os.environ.get("MIDWATCH_SANITIZED") == "1"
SLACK = 3.0 if SANITIZED else 1.0  # times: bounds are for a build without sanitizers


class Asker:
    """Asks one database. `ask` returns the answer; `send` and `hear` are its halves."""

    def __init__(self, kind, *address, password=None, env=None):
        more = dict(os.environ, **(env or {}))
        more.pop("ASKER_PASSWORD", None)
        if password is not None:
            more["ASKER_PASSWORD"] = password
        self.p = subprocess.Popen([os.environ["MIDWATCH_ASKER"]], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, env=more)
        self.closed = 0
        self.n = 0
        self.early = {}
        self.buffer = b""
        self.line(kind, *address)
        self.opened = self.read()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.stdin.close()
        code = self.p.wait(20)
        self.p.stdout.close()
        if exc[0] is None:
            assert code == 0, f"asker ended with {code}"

    def line(self, *fields):
        self.p.stdin.write(("\t".join(str(f) for f in fields) + "\n").encode())
        self.p.stdin.flush()

    def read(self, seconds=20):
        """The next line, or None after `seconds`."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.p.stdout.fileno(), 65536)
            if not piece:
                raise EOFError("asker ended")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def send(self, *words, timeout=2000):
        self.n += 1
        self.line("ask", self.n, timeout, *words)
        return str(self.n)

    def hear(self, ident, seconds=20):
        """The answer to `ident`; unasked ends of the connection are counted on the way."""
        while ident not in self.early:
            got = self.read(seconds)
            if got is None:
                raise TimeoutError(f"no answer to {ident}")
            if "closed" in got:
                self.closed += 1
            else:
                self.early[got["id"]] = got
        return self.early.pop(ident)

    def ask(self, *words, timeout=2000):
        return self.hear(self.send(*words, timeout=timeout))

    def wait_closed(self, seconds=5):
        """Seconds until the connection's end is told."""
        begin, before = time.monotonic(), self.closed
        while self.closed == before:
            got = self.read(seconds)
            if got is None:
                raise TimeoutError("the end of the connection was not told")
            if "closed" in got:
                self.closed += 1
            else:
                self.early[got["id"]] = got
        return time.monotonic() - begin

    def figure(self, name):
        self.line(name)
        while True:
            got = self.read()
            if name in got:
                return got[name]
            if "closed" in got:
                self.closed += 1
            else:
                self.early[got["id"]] = got
