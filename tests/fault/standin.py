#!/usr/bin/env python3
"""Stands in for midwatch in the tests of the driver itself: probes HTTP, draws a plain screen, writes the
debug file, and is guilty of whatever MIDWATCH_GUILTY says, as a guilty build is (selftest.py).

Not a second midwatch: it knows the configurations that the driver writes and nothing else.
"""
import http.client
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
import urllib.parse

PROBE = re.compile(r"^      ([\w-]+): \{ http: \"?([^\",]+)\"?, every: (\d+)(m?s), timeout: (\d+)(m?s)")
GUILTY = os.environ.get("MIDWATCH_GUILTY", "")
SECRET = "canary-Zq7/x+Lw 93kVt"


def now():
    return int(time.time() * 1000)


class Probe(threading.Thread):
    def __init__(self, service, name, url, every_ms, timeout_ms):
        super().__init__(daemon=True)
        self.id, self.service, self.name = f"{service}.{name}", service, name
        self.url = urllib.parse.urlsplit(url)
        self.every_ms, self.timeout_ms = every_ms, timeout_ms
        self.state, self.reason, self.since, self.good, self.evidence = "unknown", "not asked", now(), 0, 0
        self.due = self.done = self.missed = self.late = self.took = 0
        self.spoilt = False

    def ask(self):
        c = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=self.timeout_ms / 1000)
        try:
            c.request("GET", self.url.path)
            r = c.getresponse()
            r.read()
            return ("up", f"{r.status}") if r.status == 200 else ("down", f"{r.status}")
        except ConnectionRefusedError:
            return "down", "refused"
        except TimeoutError:
            return "down", "timeout"
        except (OSError, http.client.HTTPException) as why:
            return "down", type(why).__name__
        finally:
            c.close()

    def run(self):
        start = now() + hash(self.id) % self.every_ms // 4
        while True:
            slot = start + self.due * self.every_ms
            time.sleep(max(0, slot - now()) / 1000)
            if GUILTY == "late" and self.service != "faulty" and self.due > 4:
                time.sleep(0.4)
            self.due += 1
            self.late = max(self.late, now() - slot)
            if GUILTY == "lose" and self.service == "faulty" and self.due % 3 == 0:
                continue
            t0 = now()
            state, reason = self.ask()
            self.took, self.evidence = now() - t0, now()
            if state == "up":
                self.good = now()
            else:
                self.spoilt = True
            if GUILTY == "green" and self.due > 2:
                state, reason = "up", "200"
            if GUILTY == "sticky" and self.spoilt and state == "up":
                state, reason = "down", self.reason
            if state != self.state:
                self.state, self.since = state, now()
            self.reason = reason
            self.done += 1
            if GUILTY == "leak" and self.service == "faulty" and state != "up":
                LEAKED.append(open("/dev/null"))
                LEAKED.append(bytearray(os.urandom(1 << 20)) * 16)

    def reading(self):
        reading = {"name": self.name, "state": self.state, "reason": self.reason, "since_ms": self.since,
                   "evidence_ms": self.evidence, "good_ms": self.good, "failing": 0}
        return {**reading, "fault": self.reason} if self.state == "down" else reading


LEAKED = []


def probes(path):
    out, service = [], None
    for line in pathlib.Path(path).read_text().splitlines():
        if re.fullmatch(r"  [\w-]+:", line):
            service = line.strip()[:-1]
        m = PROBE.match(line)
        if m:
            every, timeout = (int(m[i]) * (1 if m[i + 1] == "ms" else 1000) for i in (3, 5))
            out.append(Probe(service, m[1], m[2], every, timeout))
    return out


def write_debug(path, all_, lag):
    children = subprocess.run(["pgrep", "-c", "-P", str(os.getpid())], capture_output=True).stdout
    services = {}
    for p in all_:
        services.setdefault(p.service, []).append(p)
    doc = {"at_ms": now(), "pid": os.getpid(), "rss_kb": rss_kb(), "fds": len(LEAKED) // 2 + 10,
           "children": max(0, int(children or 0) - 1),
           "lag": {"n": 10, "p99_ms": lag, "max_ms": lag},
           "slots": [{"probe": p.id, "due": p.due, "done": p.done, "missed": p.missed,
                      "late_max_ms": p.late, "took_ms": p.took} for p in all_],
           "board": {"services": [{"id": s, "readings": [p.reading() for p in group]}
                                  for s, group in services.items()]}}
    with open(path + ".new", "w") as f:
        json.dump(doc, f)
    os.rename(path + ".new", path)


def rss_kb():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def draw(all_, selected, frozen):
    out = ["\x1b[H\x1b[2Jmidwatch stand-in" + ("  FROZEN" if frozen else "")]
    for i, p in enumerate(all_[:30]):
        mark = ">" if i == selected else " "
        out.append(f"{mark} {p.service:10} {p.state:10} {p.reason}")
    if GUILTY == "secret":
        out.append(f"password is {urllib.parse.quote(SECRET, safe='')}")
    sys.stdout.write("\r\n".join(out))
    sys.stdout.flush()


def main():
    all_ = probes(sys.argv[1])
    before = termios.tcgetattr(0)
    sys.stdout.write("\x1b[?1049h")
    tty.setraw(0)
    signal.signal(signal.SIGWINCH, lambda *a: None)
    for p in all_:
        p.start()
    selected, frozen, beat, stalled = 0, False, time.monotonic(), False
    draw(all_, selected, frozen)
    while True:
        ready, _, _ = select.select([0], [], [], max(0, beat - time.monotonic()))
        lag = max(0, int((time.monotonic() - beat) * 1000))
        if ready:
            key = os.read(0, 64)
            if key[:1] == b"q":
                break
            if key[:1] == b"z":
                frozen = not frozen
            elif key[:1] != b"\x0c":
                selected = (selected + 1) % 30
            draw(all_, selected, frozen)
            continue
        hurt = any(p.spoilt for p in all_)
        if GUILTY == "stall" and hurt and not stalled:
            stalled = True
            time.sleep(0.6)
            lag = 600
        write_debug(os.environ["MIDWATCH_DEBUG_FILE"], all_, lag)
        if not frozen:
            draw(all_, selected, frozen)
        beat = time.monotonic() + 1
    if GUILTY == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    termios.tcsetattr(0, termios.TCSANOW, before)
    sys.stdout.write("\x1b[?1049l")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
