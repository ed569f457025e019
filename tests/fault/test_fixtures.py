#!/usr/bin/env python3
"""Every fixture of a source row is well before its injection, hurt after it, and well again when it is
healed, as an ordinary client sees it (Python's own, psql): a fault that is not there proves nothing.

    test_fixtures.py [http|databases]
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from fault import databases, driver, rows, sources  # noqa: E402
from harness import peers  # noqa: E402
from harness.peers import resp_command  # noqa: E402

# Rows whose fault an ordinary client does not meet, and why.
BLIND = {
    "H14.duplicate": "json of Python takes duplicates", "H14.case": "and looks at one spelling",
    "H16.surrogate": "and lone surrogates", "H16.nul": "and NUL", "H20.retry": "it is only the 503",
    "H23.closing": "the reply itself is well", "H23.crowd": "nothing is hurt",
    "H22.many": "the right address is among them", "H22.v6": "the address is well",
    "H15.nan": "float() takes it", "H15.inf": "float() takes it", "H15.1e999": "float() takes it",
    "H15.zero": "a number", "H15.big": "a number", "H15.digits": "float() takes it",
    "P2": "the next connection is well", "R5": "nothing is hurt", "R5.long": "nothing is hurt",
    "R9.twice": "the first reply is well", "R9.push": "the first reply is well",
    "P9.bytea": "text", "P9.text": "text",
    "P9.interval": "text", "P14": "text", "P9.nan": "psql prints it", "P9.inf": "psql prints it",
    "P9.null": "psql prints it", "P9.none": "psql prints it", "P5.rows": "psql takes them all",
    "P12.notices": "psql takes them all", "P12.rows": "psql takes them all",
    "P13.cleartext": "told by its own row", "R10": "the reply came before the end",
}


class Tools:
    def __init__(self, directory):
        self.dir = directory
        build = os.environ.get("MIDWATCH_BUILD", str(driver.ROOT / "build"))
        self.build = pathlib.Path(build)
        self.dnsshim = os.path.join(build, "tests/harness/dnsshim.so")
        self.n_healthy = 20
        self.held = contextlib.ExitStack()

    def tool(self, name):
        return str(self.build / "tests/bench" / name)

    @property
    def farm(self):
        """Started for the first fixture that asks for it."""
        if not hasattr(self, "_farm"):
            self._farm = self.held.enter_context(driver.Farm(self))
        return self._farm


RESOLVE = "import socket, sys; print(socket.getaddrinfo(sys.argv[1], 80)[0][4][0])"


def http_words(url, env, ca=None, limit=1.5):
    """What a client says of this address: "ok", or what is wrong."""
    u = urllib.parse.urlsplit(url)
    host = u.hostname
    if host.endswith(".test"):
        done = subprocess.run([sys.executable, "-c", RESOLVE, host], env={**os.environ, **env},
                              capture_output=True, text=True, timeout=limit)
        if done.returncode:
            return "dns"
        host = done.stdout.strip()
    context = ssl.create_default_context(cafile=ca) if u.scheme == "https" else None
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    c = kind(host, u.port, timeout=limit, **({"context": context} if context else {}))

    def stop():
        with contextlib.suppress(OSError, AttributeError):
            c.sock.shutdown(socket.SHUT_RDWR)
    end = threading.Timer(limit, stop)
    end.start()
    try:
        c.request("GET", u.path or "/")
        r = c.getresponse()
        body = b""
        deadline = time.monotonic() + limit
        while piece := r.read1(65536):
            body += piece
            if len(body) > 4 << 20:
                return "too big"
            if time.monotonic() > deadline:
                return "slow"
        if r.status != 200:
            return str(r.status)
        if r.getheader("Content-Encoding"):
            return "packed"
        if u.path == "/metrics":
            return "ok" if float(body.split()[-1]) == 17 else "another number"
        return "ok" if json.loads(body.decode())["status"] == "ok" else "another status"
    finally:
        end.cancel()
        c.close()


def pg_words(dsn, sql, password=None, limit=1.5):
    env = {"PATH": "/usr/bin:/bin", "PGCONNECT_TIMEOUT": "2", "HOME": "/"}
    if password:
        env["PGPASSWORD"] = password
    done = subprocess.run([peers.binary("psql", package="postgresql-client-15"), "-X", "-A", "-t", dsn,
                           "-c", sql], env=env, capture_output=True, text=True, timeout=limit)
    return "ok" if done.returncode == 0 and done.stdout.strip() in ("7", "1") else \
        done.stderr.strip()[-200:] or "another answer"


# 1 when a replica follows and replays, as its own server says.
REPLICATES = """SELECT CASE WHEN pg_is_in_recovery()
    THEN (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming')
         * (NOT pg_is_wal_replay_paused())::int
    ELSE least(1, (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming')) END"""


def redis_words(url, password=None, limit=1.0):
    u = urllib.parse.urlsplit(url)
    with socket.create_connection((u.hostname, u.port), limit) as s:
        s.settimeout(limit)
        f = s.makefile("rwb")
        if password:
            f.write(resp_command("AUTH", password))
        f.write(resp_command("PING"))
        f.flush()
        line = f.readline(100)
        if password and line == b"+OK\r\n":
            line = f.readline(100)
        return "ok" if line == b"+PONG\r\n" else line.decode("latin-1").strip()[:80] or "closed"


def queue_words(url, name, limit=1.0):
    """ "ok" when the queue's own keys are there and tell what waits."""
    u = urllib.parse.urlsplit(url)
    with socket.create_connection((u.hostname, u.port), limit) as s:
        s.settimeout(limit)
        f = s.makefile("rwb")
        f.write(resp_command("EXISTS", f"bull:{name}:meta") +
                resp_command("LRANGE", f"bull:{name}:wait", "-2", "-1"))
        f.flush()
        there, waits = f.readline(100), f.readline(200)
    if there != b":1\r\n":
        return "there is no queue"
    return "ok" if waits.startswith(b"*") else waits.decode("latin-1").strip()[:80]


def list_words(url, name, limit=1.0):
    u = urllib.parse.urlsplit(url)
    with socket.create_connection((u.hostname, u.port), limit) as s:
        s.settimeout(limit)
        f = s.makefile("rwb")
        f.write(resp_command("LLEN", name))
        f.flush()
        waits = f.readline(100)
    return "ok" if re.fullmatch(rb":[1-9][0-9]*\r\n", waits) else waits.decode("latin-1").strip()[:80] or "closed"


def words(source, probes):
    """Asks the first probe of a fixture as its options say."""
    options = next(iter(probes.values()))
    try:
        if "http" in options or "metrics" in options:
            return http_words(options.get("http") or options["metrics"], source.env, options.get("ca_file"))
        password = None
        if "password" in options:
            password = pathlib.Path(options["password"][5:]).read_text().strip()
        if "postgres" in options:
            asked = REPLICATES if options.get("show") == "replication" else options["sql"]
            return pg_words(options["postgres"], asked, password)
        if options.get("layout") == "list":
            return list_words(options["redis"], options["queue"])
        if "queue" in options:
            return queue_words(options["redis"], options["queue"])
        return redis_words(options["redis"], password)
    except (OSError, ValueError, RecursionError, http.client.HTTPException,
            subprocess.TimeoutExpired) as why:
        return type(why).__name__


def wait_ok(source, probes, seconds=12):
    deadline = time.monotonic() + seconds
    while (seen := words(source, probes)) != "ok" and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen


def check(row, cls):
    """What is wrong with this row's fixture, or None."""
    with tempfile.TemporaryDirectory(prefix="midwatch-fixture-") as d:
        os.chmod(d, 0o755)
        tools = Tools(d)
        with tools.held, cls(row, tools) as source:
            probes = source.probes(d)
            seen = wait_ok(source, probes)
            if seen != "ok":
                return f"not well before: {seen}"
            source.inject(row.injection.split())
            with contextlib.suppress(ssl.SSLError):
                source.tick()
            seen = words(source, probes)
            if seen == "ok" and row.id not in BLIND:
                return "not hurt"
            if row.recover == "none":
                source.figures()
                return None
            source.heal()
            seen = wait_ok(source, probes)
            if seen != "ok":
                return f"not well after: {seen}"
            source.healed()
            source.figures()
    return None


def main():
    only = sys.argv[1] if len(sys.argv) > 1 else "http databases"
    fixtures = {**(sources.FIXTURES if "http" in only else {}),
                **(databases.FIXTURES if "databases" in only else {})}
    failed = n = 0
    for row in rows.load():
        if row.fixture not in fixtures or (len(sys.argv) > 2 and not re.match(sys.argv[2], row.id)):
            continue
        t0 = time.monotonic()
        why = check(row, fixtures[row.fixture])
        n += 1
        failed += why is not None
        if why or len(sys.argv) > 2:
            print(f"{row.id}: {why or 'well'} ({time.monotonic() - t0:.1f} s)", flush=True)
    print(f"{n - failed} passed, {failed} failed")
    return 1 if failed or not n else 0


if __name__ == "__main__":
    peers.main(main)
