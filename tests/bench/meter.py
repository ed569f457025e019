#!/usr/bin/env python3
"""What a running program costs: CPU and memory of a process tree from /proc, and, for programs of the
terminal, start-up, bytes and key latency through ptyvt.

    meter.py [-s COLSxROWS] [--secs S] [--warm S] [--ready PATTERN] [--keys a,b] [--n N] -- CMD ARG...
    meter.py --pid PID [--secs S]

CPU is user + system: the scheduler's own count of every living thread in nanoseconds, and what reaped
children used, in clock ticks. Prints one line of JSON.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.pty import Screen  # noqa: E402

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def read(path):
    with contextlib.suppress(OSError):
        return pathlib.Path(path).read_text()
    return ""


def tree(pid):
    """The pid and everything below it that lives."""
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{p}/task"):
                todo += [int(c) for c in read(f"/proc/{p}/task/{task}/children").split()]
    return found


def cpu_ns(pid):
    """CPU of the tree so far. Only differences mean something."""
    total = 0
    for p in tree(pid):
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{p}/task"):
                total += int((read(f"/proc/{p}/task/{task}/schedstat").split() or ["0"])[0])
        fields = read(f"/proc/{p}/stat").rpartition(")")[2].split()
        if fields:
            total += (int(fields[13]) + int(fields[14])) * TICK_NS
    return total


def status_kb(pid, field):
    """VmRSS or VmHWM, summed over the tree."""
    total = 0
    for p in tree(pid):
        for line in read(f"/proc/{p}/status").splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1])
    return total


def rss_kb(pid):
    return status_kb(pid, "VmRSS")


def n_fds(pid):
    with contextlib.suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))
    return 0


class Window:
    """CPU over a stretch of time: with Window(pid, 5) as w: ...; w.ms_per_s"""

    def __init__(self, *pids):
        self.pids = pids

    def __enter__(self):
        self.t0, self.c0 = time.monotonic(), sum(cpu_ns(p) for p in self.pids)
        return self

    def __exit__(self, *exc):
        self.cpu_us = (sum(cpu_ns(p) for p in self.pids) - self.c0) / 1000
        self.seconds = time.monotonic() - self.t0
        self.ms_per_s = self.cpu_us / 1000 / self.seconds


def measure(pid, seconds):
    with Window(pid) as w:
        time.sleep(seconds)  # the length of the window is the measurement, not a wait for something
    return w


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))] if values else None


def keys(screen, names, n):
    """Latencies in ms of n key presses, the names in turn, each after a quiet moment."""
    out = [screen.latency_ms(names[i % len(names)]) for i in range(n)]
    return [ms for ms in out if ms is not None], sum(ms is None for ms in out)


def key_figures(latencies, lost):
    return {"keys": len(latencies), "lost": lost,
            "median_ms": statistics.median(latencies) if latencies else None,
            "p90_ms": percentile(latencies, 90), "p99_ms": percentile(latencies, 99),
            "max_ms": max(latencies, default=None)}


def terminal(argv, cols=200, rows=60, ready=None, warm=2.0, secs=5.0, press=(), n=0, env=None,
             quit_key="q"):
    """All figures of a program in a terminal."""
    with Screen(argv, cols=cols, rows=rows, ready=ready, env=env) as s:
        if ready:
            s.wait_for(ready, seconds=15)
        s.settle(quiet=warm + 1, seconds=warm)
        before = s.bytes()["bytes"]
        with Window(s.pid) as w:
            s.settle(quiet=secs + 1, seconds=secs)
        figures = s.bytes()
        out = {"cmd": " ".join(map(str, argv))[:60], "size": f"{cols}x{rows}",
               "first_byte_ms": figures["first_ms"], "ready_ms": figures["ready_ms"],
               "bytes_per_s": round((figures["bytes"] - before) / w.seconds, 1),
               "cpu_ms_per_s": round(w.ms_per_s, 3), "rss_kb": rss_kb(s.pid)}
        if n:
            out.update(key_figures(*keys(s, press, n)))
        s.key(quit_key)
        with contextlib.suppress(AssertionError):
            out["quit_ms"] = s.wait_exit(3)["after_ms"]
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("-s", default="200x60")
    ap.add_argument("--secs", type=float, default=5)
    ap.add_argument("--warm", type=float, default=2)
    ap.add_argument("--ready")
    ap.add_argument("--keys", default="j,k")
    ap.add_argument("--n", type=int, default=0)
    ap.add_argument("--pid", type=int)
    ap.add_argument("cmd", nargs="*")
    a = ap.parse_args()
    if a.pid:
        w = measure(a.pid, a.secs)
        print(json.dumps({"cpu_ms_per_s": round(w.ms_per_s, 3), "rss_kb": rss_kb(a.pid),
                          "peak_kb": status_kb(a.pid, "VmHWM"), "fds": n_fds(a.pid)}))
        return 0
    if not a.cmd:
        ap.error("no program")
    cols, rows = map(int, a.s.split("x"))
    print(json.dumps(terminal(a.cmd, cols, rows, a.ready, a.warm, a.secs, a.keys.split(","), a.n)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
