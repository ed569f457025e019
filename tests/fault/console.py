"""midwatch under observation: its console in a terminal in memory, and once a second the debug file that
it writes when MIDWATCH_DEBUG_FILE names one.

The file is replaced by rename and holds one JSON object:
  at_ms pid rss_kb heap_kb fds children; heap_kb is what malloc has given out, and 0 with the sanitizers
  lag    {"n","p99_ms","max_ms"} of the loop since the file was written last
  slots  [{"probe":"service.probe","due","done","missed","late_max_ms","took_ms"}] since the start;
         took_ms is the length of the last exchange
  board  the board's JSON
"""
import contextlib
import glob
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import time

from harness.pty import NotSeen, Screen, foreign

from .invariants import Sample, readings

PLAIN = re.compile(r"[A-Za-z0-9_./%+-]+")


def now_ms():
    return int(time.time() * 1000)


def yaml(value):
    """One value in flow style."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{yaml(k)}: {yaml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(yaml(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if PLAIN.fullmatch(text) and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off"):
        return text
    return json.dumps(text, ensure_ascii=False)


def config(services, environment="staging"):
    """services: {id: {probe: options}}, or {id: {"probes": {...}, other keys}}."""
    lines = ["watch: fault", f"environment: {environment}", "services:"]
    for name, service in services.items():
        body = service if "probes" in service else {"probes": service}
        lines.append(f"  {name}:")
        lines += [f"    {k}: {yaml(v)}" for k, v in body.items() if k != "probes"]
        lines.append("    probes:")
        lines += [f"      {p}: {yaml(options)}" for p, options in body["probes"].items()]
    return "\n".join(lines) + "\n"


# Freed memory is given out again at once: what AddressSanitizer holds back would hide what grows.
NOTHING_HELD_BACK = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:malloc_context_size=4"


class Console:
    """Use: with Console(midwatch, text) as c: c.wait_state(...); c.observe(3)."""

    def __init__(self, midwatch, text, cols=120, rows=36, env=None, argv=None, wrap=(), through=(),
                 term=None, sanitized=False, asan=""):
        self.midwatch, self.config_text = str(midwatch), text
        self.cols, self.rows, self.argv, self.wrap = cols, rows, argv, list(wrap)
        self.through = list(through)  # a program that is given our command as a shell line, for "@"
        self.extra, self.term, self.sanitized = dict(env or {}), term, sanitized
        self.asan = asan  # more for ASAN_OPTIONS
        self.samples = []
        self.key_ms = []
        self.evidence = {}
        self.screen = None
        self.stood = []  # where the program stood when it did not answer, or did not end
        self.watch_green = None  # id of the service whose row must not look up
        self.dir = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="midwatch-fault-")
        self.config = os.path.join(self.dir, "midwatch.yaml")
        self.debug = os.path.join(self.dir, "debug.json")
        pathlib.Path(self.config).write_text(self.config_text)
        os.chmod(self.config, 0o600)
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.dir, ignore_errors=True)
            raise
        return self

    def environment(self):
        env = {"HOME": self.dir, "XDG_STATE_HOME": self.dir, "XDG_RUNTIME_DIR": self.dir,
               "XDG_CONFIG_HOME": self.dir, "MIDWATCH_DEBUG_FILE": self.debug, "TZ": "UTC",
               "ASAN_OPTIONS": f"log_path={self.dir}/asan:detect_leaks=1:verify_asan_link_order=0:"
                               f"abort_on_error=0:{self.asan}",
               "UBSAN_OPTIONS": f"log_path={self.dir}/ubsan:print_stacktrace=1"}
        env.update(self.extra)
        return env

    def start(self):
        argv = self.wrap + (self.argv or [self.midwatch, self.config])
        if self.through:
            argv = [shlex.join(argv) if a == "@" else a for a in self.through]
        self.started_ms = now_ms()
        self.screen = Screen(argv, cols=self.cols, rows=self.rows, env=self.environment(), cwd=self.dir,
                             raw_log=os.path.join(self.dir, "raw"),
                             **({"term": self.term} if self.term else {}))

    def __exit__(self, *exc):
        if self.screen:
            self.screen.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    # -- looking --

    def look(self):
        """A fresh sample, or None before the first."""
        try:
            data = json.loads(pathlib.Path(self.debug).read_text())
        except (OSError, ValueError):
            return None
        sample = Sample(now_ms(), data)
        self.samples.append(sample)
        return sample

    def readings(self):
        s = self.look()
        return readings(s.data) if s else {}

    def row_is_green(self, service):
        """True when the screen draws this service as up."""
        for line in self.screen.lines()[1:]:
            if re.search(rf"(?<![\w-]){re.escape(service)}(?![\w-])", line):
                cell = line[line.index(service) + len(service):][:40]
                if re.search(r"\bup\b", cell) and not re.search(r"down|degraded|unknown|stale", cell):
                    return True
        return False

    def observe(self, seconds, keys=False, tick=None):
        """Looks every 100 ms; with `keys` also presses j and k and times them. tick() runs in between."""
        deadline = time.monotonic() + seconds
        n = 0
        while time.monotonic() < deadline:
            sample = self.look()
            if tick:
                tick()
            if sample and self.watch_green and n % 5 == 4:
                sample.screen_green = self.row_is_green(self.watch_green)
            if keys and n % 5 == 2:
                self.key_ms.append(self.screen.latency_ms("jk"[n // 5 % 2], seconds=1.0))
                if self.key_ms[-1] is None:
                    self.tell_where("a key had no answer")
            n += 1
            self.screen.settle(quiet=10, seconds=max(0.0, min(0.1, deadline - time.monotonic())))

    def wait(self, condition, seconds, what):
        """Until condition(readings) holds on a fresh look."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self.readings()
            if seen and condition(seen):
                return seen
            if self.screen.exited():
                raise NotSeen(f"{what}: midwatch ended: {self.screen.exited()}\n{self.screen.text()}")
            if time.monotonic() > deadline:
                raise NotSeen(f"{what}: not within {seconds} s\n" + self.describe(seen))
            self.screen.settle(quiet=10, seconds=0.05)

    def describe(self, seen):
        odd = {p: f"{r['state']}: {r['reason']}" for p, r in seen.items() if r["state"] != "up"}
        return f"not up: {odd}\n" + self.screen.text()

    def wait_up(self, probes, seconds=20):
        return self.wait(lambda r: all(p in r and r[p]["state"] == "up" for p in probes), seconds,
                         f"{len(probes)} probes up")

    def tell_where(self, why):
        """Keeps, once, where each thread of the program stands: its state, what it waits for in the kernel, and
        its stack where gdb is installed. A hang that comes once in a hundred runs must not come in vain."""
        if self.stood or self.screen.exited():
            return
        self.stood = [why]
        for task in sorted(glob.glob(f"/proc/{self.screen.pid}/task/*")):
            with contextlib.suppress(OSError):
                state = re.search(r"State:\s*(.*)", pathlib.Path(task, "status").read_text())[1]
                waits = pathlib.Path(task, "wchan").read_text()
                call = pathlib.Path(task, "syscall").read_text().split()[0]
                self.stood.append(f"{os.path.basename(task)}: {state}, in {waits}, system call {call}")
        if shutil.which("gdb"):
            done = subprocess.run(["gdb", "-q", "-batch", "-p", str(self.screen.pid),
                                   "-ex", "thread apply all backtrace 30"],
                                  capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            self.stood += [line for line in done.stdout.splitlines() if line.startswith(("Thread", "#"))]

    # -- the end --

    def gather(self, name, data):
        self.evidence[name] = data if isinstance(data, bytes) else data.encode()

    def command_lines(self):
        """Every command line of the program and its children, as anybody on the machine may read it."""
        out = b""
        for pid in [self.screen.pid, *self.children()]:
            with contextlib.suppress(OSError):
                out += pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() + b"\n"
        return out

    def children(self):
        out = []
        for path in glob.glob(f"/proc/{self.screen.pid}/task/*/children"):
            with contextlib.suppress(OSError):
                out += [int(p) for p in pathlib.Path(path).read_text().split()]
        return out

    def quit(self, key="q", seconds=5.0):
        """(exit, stty) after the key; exit is None when it did not end."""
        self.gather("the command line", self.command_lines())
        self.gather("the screen", self.screen.text())
        if key:
            self.screen.key(key)
        try:
            end = self.screen.wait_exit(seconds * (5 if self.sanitized else 1))
        except NotSeen:
            end = None
            self.tell_where("it did not end")
        self.gather("the debug file", json.dumps([s.data for s in self.samples]))
        self.gather("the bytes of the terminal", self.raw())
        for path in glob.glob(f"{self.dir}/**", recursive=True):
            name = os.path.relpath(path, self.dir)
            if os.path.isfile(path) and name not in ("midwatch.yaml", "raw", "secret", "debug.json"):
                self.gather(name, pathlib.Path(path).read_bytes())
        return end, self.screen.stty()

    def raw(self):
        with contextlib.suppress(OSError):
            return pathlib.Path(self.dir, "raw").read_bytes()
        return b""

    def foreign(self):
        return foreign(self.raw())

    def reports(self):
        """What the sanitizers wrote, and what went to the terminal of it."""
        out = []
        for path in glob.glob(f"{self.dir}/asan*") + glob.glob(f"{self.dir}/ubsan*"):
            out.append(pathlib.Path(path).read_text(errors="replace"))
        for word in (b"AddressSanitizer", b"LeakSanitizer", b"runtime error:"):
            if word in self.raw():
                out.append(self.raw()[self.raw().index(word):][:400].decode(errors="replace"))
        return out


def skeleton(lines):
    """A screen without what moves by itself: figures, bars and graphs."""
    out = []
    for line in lines:
        line = re.sub(r"[0-9][0-9.:,]*( ?(ms|us|\u00b5s|s|m|h|d|%|B|kB|KB|MB|/s)(?![A-Za-z]))?([0-9]+[smhd])*", "0", line)
        line = re.sub(r"[\u2580-\u259f\u2800-\u28ff]+", "#", line)
        out.append(re.sub(r"\s+", " ", line).rstrip())
    return out
