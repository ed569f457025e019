#!/usr/bin/env python3
"""midwatch beside the least that its work can cost, measured in the same run.

    bench.py w1|w1tls|w2|w3|w4|w5|w7|past|log|all [--midwatch PATH] [--build DIR] [--runs 5] [--secs 4] [--quick]

w1  CPU per HTTP health probe: floor = libcurl + cJSON at the same pace
w1tls  the same over TLS on standing connections, beside a handshake a probe
w2  CPU per page of 1,174 metrics samples: floor = libcurl + scan for five series
w3  CPU per poll of 20 queues in Redis and three queries of PostgreSQL: floor = one pipeline each
w4  CPU and bytes a second of an idle and of a busy screen, and key latency: floor = ncurses
w5  start to first frame and to 100 verdicts, and the end: floor = ncurses with the same libraries
w7  memory with 100 and 1,000 targets (and 5,000 with --full)
past bytes of a week of 200 signals at 1 Hz; a board of the last hour, of 100 probes, from the disk to the screen
log CPU per MB of a log of 1 GB read by four probes: floor = its newlines counted; 100 MB appended to it

The floor of w1 is libcurl's multi interface, epoll and a whole cJSON of the same 1 KB body, without
history, rules or screen. Each body differs from the last (its time, its uptime), so nobody may skip
reading it. The floor runs at two paces, and the ratio to both is judged: `same moments` falls due at
the moments of a second at which midwatch asks (2 for 100 targets), and pays for as many wake-ups;
`all at once` asks all targets in one burst a second, which no monitor should do to its network but
which is the least that the work can cost.

What is compared runs side by side, each with a farm of its own, and is measured in the same seconds;
figures are medians of the runs, and so are the ratios. Each line says what was measured, the ratio or
the figure, the goal, and PASS or FAIL; rivals that are installed stand beside. Ratios mean something,
seconds do not: the machine's other work is not controlled. Exit 0; 1 with --strict when a goal is
missed; 77 when midwatch is not built (the floors are printed all the same).
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from bench import meter, rivals  # noqa: E402
from harness.hostile_tls import Certificates  # noqa: E402
from harness.peers import Nginx, Postgres, Redis, die_with_parent  # noqa: E402
from harness.pty import Screen  # noqa: E402

SLOTS = 2  # moments of a second at which midwatch asks 100 targets at 1 Hz; the floor does the same


class Bench:
    def __init__(self, options):
        self.o = options
        self.build = pathlib.Path(options.build)
        self.midwatch = pathlib.Path(options.midwatch or self.build / "midwatch")
        self.dir = tempfile.mkdtemp(prefix="midwatch-bench-")
        self.failed = []

    @property
    def built(self):
        return os.access(self.midwatch, os.X_OK)

    def tool(self, name):
        return str(self.build / "tests/bench" / name)

    def config(self, name, text):
        path = pathlib.Path(self.dir, name + ".yaml")
        path.write_text(text)
        return str(path)

    def env(self):
        return {"HOME": self.dir, "XDG_STATE_HOME": self.dir, "XDG_RUNTIME_DIR": self.dir,
                "XDG_CONFIG_HOME": self.dir}

    def console(self, config, cols=120, rows=36, ready="midwatch"):
        return Screen([self.midwatch, config], cols=cols, rows=rows, env=self.env(), ready=ready)

    # -- results --

    def line(self, name, ours, floor=None, goal=None, unit="", note="", ratios=()):
        """goal: a ratio to the floor when there is one, else the figure itself. `ratios` are those of
        runs that measured both in the same seconds: their median is the ratio, their spread is told."""
        text = f"{name}:"
        text += f" midwatch {figure(ours)}{unit}" if ours is not None else " midwatch -"
        value = ours
        if floor is not None:
            text += f"  floor {figure(floor)}{unit}"
            value = ours / floor if ours is not None and floor > 0 else None
            if ratios:
                value = median(ratios)
                note += f"{'; ' if note else ''}{min(ratios):.2f} to {max(ratios):.2f}"
            if value is not None:
                text += f"  ratio {value:.2f}"
        if goal is not None:
            text += f"  goal <= {goal:.2f}" if floor is not None else f"  goal <= {figure(goal)}{unit}"
            if value is not None:
                text += "  PASS" if value <= goal else "  FAIL"
                if value > goal:
                    self.failed.append(name)
        print(text + (f"  ({note})" if note else ""), flush=True)

    def beside(self, name, value, unit=""):
        print(f"    beside: {name} {figure(value) + unit if value is not None else 'did not run'}",
              flush=True)


def figure(x):
    return f"{x:.0f}" if abs(x) >= 1000 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


class Farm:
    scheme, more = "http", ""  # of its addresses; more options of a probe that asks them

    def __init__(self, bench, addresses=250):
        self.bench, self.addresses = bench, addresses

    def __enter__(self):
        self.proc = subprocess.Popen([self.bench.tool("farm"), "-a", str(self.addresses)],
                                     stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        _, port, samples = self.proc.stdout.readline().split()
        self.port, self.samples = int(port), int(samples)
        self.counter = self.port
        return self

    def __exit__(self, *exc):
        self.proc.send_signal(signal.SIGTERM)
        self.proc.wait()
        self.proc.stdout.close()

    def parts(self, i):
        a = i % self.addresses
        return f"127.0.{a // 250}.{a % 250 + 1}", self.port, f"/h/{i}"

    def base(self, i):
        host, port, _ = self.parts(i)
        return f"{self.scheme}://{host}:{port}"

    def health(self, i):
        return f"{self.base(i)}/h/{i}"

    def stats(self):
        return json.loads(rivals.get(f"http://127.0.0.1:{self.counter}/ctl/stats"))


class TlsFarm(Farm):
    """The same behind nginx, which speaks TLS with a P-256 key. Nobody verifies: the floor does not."""
    scheme, more = "https", ", insecure: true, insecure_reason: a floor does not verify"

    def __init__(self, bench):
        super().__init__(bench, 50)

    def __enter__(self):
        super().__enter__()
        c = Certificates.get()["good"]
        listen = "\n".join(f"listen 127.0.0.{i + 1}:{{port}} ssl;" for i in range(self.addresses))
        self.nginx = Nginx(
            f"upstream farm {{ server 127.0.0.1:{self.counter}; keepalive 64; }}\n"
            f"server {{ {listen}\nssl_certificate {{dir}}/crt; ssl_certificate_key {{dir}}/key;\n"
            "keepalive_requests 1000000; location / { proxy_pass http://farm; "
            "proxy_http_version 1.1; proxy_set_header Connection \"\"; } }",
            files={"crt": pathlib.Path(c.certificate).read_bytes(),
                   "key": pathlib.Path(c.key).read_bytes()})
        try:
            self.nginx.__enter__()
        except BaseException:
            super().__exit__()
            raise
        self.port = self.nginx.port
        return self

    def __exit__(self, *exc):
        self.nginx.close()
        super().__exit__(*exc)


def config(farm, n, every="1s", fresh=False, pages=0, per_service=1, timeout="900ms"):
    """`n` health probes, or `pages` targets with the ratio and the quantile of their page."""
    lines = ["watch: bench", "environment: staging", "services:"]
    extra = farm.more + (", fresh: true" if fresh else "")
    for s in range(0, n, per_service):
        lines += [f"  t{s:05d}:", "    probes:"]
        for i in range(s, min(s + per_service, n)):
            lines.append(f"      h{i:05d}: {{ http: \"{farm.health(i)}\", every: {every}, "
                         f"timeout: {timeout}{extra} }}")
    for i in range(pages):
        url = f"{farm.base(i)}/metrics"
        lines += [f"  p{i:05d}:", "    probes:",
                  f"      errors: {{ metrics: \"{url}\", every: {every}, timeout: {timeout}, "
                  "ratio: ['http_requests_total{code=~\"5..\"}', http_requests_total], over: 1m, "
                  "crit: 50% }",
                  f"      p95: {{ metrics: \"{url}\", every: {every}, timeout: {timeout}, "
                  "quantile: 0.95, of: http_request_duration_seconds, over: 1m, crit: 100s }"]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def program(argv):
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    try:
        p.stdout.readline()
        yield p
    finally:
        p.send_signal(signal.SIGTERM)
        out = p.stdout.read()
        p.wait()
        p.stdout.close()
        if p.returncode:
            raise RuntimeError(f"{argv[0]} was not answered well: {out}")


class Share:
    """What a program did and cost in a window that others shared."""

    def __init__(self, cpu_us, units, seconds, rss_kb):
        self.cpu_us, self.units, self.seconds, self.rss_kb = cpu_us, units, seconds, rss_kb
        self.us_per_s = cpu_us / seconds
        self.per_unit = cpu_us / max(1, units)


def together(b, members):
    """{name: Share} of programs that run side by side and are measured in the same seconds, for what
    else the machine does it does to all of them: of windows in turn the same floor was seen to cost 39
    and 57 us. A member is (start, count): a context that gives the pid, and what counts its units."""
    with contextlib.ExitStack() as running:
        pids = {name: running.enter_context(start()) for name, (start, _) in members.items()}
        time.sleep(b.o.warm)
        counts = {name: count for name, (_, count) in members.items()}
        before = {name: count() for name, count in counts.items()}
        with contextlib.ExitStack() as open_windows:
            windows = {name: open_windows.enter_context(meter.Window(pid)) for name, pid in pids.items()}
            time.sleep(b.o.secs)  # the length of the window is the measurement
        return {name: Share(w.cpu_us, counts[name]() - before[name], w.seconds,
                            meter.rss_kb(pids[name])) for name, w in windows.items()}


def middle(runs):
    """{name: Share} of the medians of several."""
    return {name: Share(*(median([getattr(r[name], part) for r in runs])
                          for part in ("cpu_us", "units", "seconds", "rss_kb"))) for name in runs[0]}


@contextlib.contextmanager
def console_pid(b, path, cols=120, rows=36):
    with b.console(path, cols, rows) as s:
        if cols >= 40:
            s.wait_for("midwatch", seconds=10)
        yield s.pid
        s.key("q")
        s.wait_exit(5)


@contextlib.contextmanager
def floor_pid(b, farm, tool, n, *flags):
    with program([b.tool(tool), "-p", str(farm.port), "-a", str(farm.addresses), "-t", str(n),
                  *flags]) as p:
        yield p.pid


# Three consoles: `busy` asks each second and `calm` each tenth, both in a terminal with room for the
# verdict alone, for what is drawn is another figure (W4); `whole` is all that a console does.
CONSOLES = (("busy", "1s", (38, 8)), ("calm", "10s", (38, 8)), ("whole", "1s", (120, 36)))


def askers(b, running, new_farm, key, n, floors, fresh=False, **pages):
    """Members for together(), each with a farm of its own: floors, and the three consoles."""
    members = {}

    def add(name, start):
        farm = running.enter_context(new_farm(b))
        members[name] = (lambda: start(farm), lambda: farm.stats()[key])

    for name, (tool, flags) in floors.items():
        add(name, lambda farm, t=tool, f=flags: floor_pid(b, farm, t, n, *f))
    for name, every, size in CONSOLES if b.built else ():
        add(name, lambda farm, name=name, every=every, size=size: console_pid(
            b, b.config(name, config(farm, 0 if pages else n, every, fresh=fresh, **pages)), *size))
    return members


def probe_cost(shares):
    """CPU us of one more unit: a console that asks each second beside one that asks each tenth."""
    if "busy" not in shares:
        return None
    busy, calm = shares["busy"], shares["calm"]
    return ((busy.us_per_s - calm.us_per_s)
            / (busy.units / busy.seconds - calm.units / calm.seconds))


def asked(b, new_farm, key, n, floors, **more):
    """(our CPU us a unit, {name: Share} of medians, {floor: our ratio to it in each run})"""
    runs, ours = [], []
    for _ in range(b.o.runs):
        with contextlib.ExitStack() as running:
            runs.append(together(b, askers(b, running, new_farm, key, n, floors, **more)))
        ours.append(probe_cost(runs[-1]))
    ratios = {name: [us / run[name].per_unit for us, run in zip(ours, runs)] if b.built else ()
              for name in floors}
    return median(ours), middle(runs), ratios


def w1(b):
    n = 100
    for name, fresh in (("standing", False), ("new connection", True)):
        close = ["-c"] if fresh else []
        cost, share, ratios = asked(b, Farm, "health", n, {
            "same": ("floor_curl", ["-g", str(SLOTS), *close]),
            "burst": ("floor_curl", ["-g", "1", *close])}, fresh=fresh)
        whole = share.get("whole")
        b.line(f"W1 cpu per probe, {name}, same moments", cost, share["same"].per_unit, 1.30, " us",
               f"{SLOTS} moments a second", ratios["same"])
        b.line(f"W1 cpu per probe, {name}, floor all at once", cost, share["burst"].per_unit, 1.30,
               " us", ratios=ratios["burst"])
        b.line(f"W1 cpu per probe with its screen, {name}", whole and whole.per_unit,
               share["same"].per_unit, None, " us")
        if not fresh:
            # the whole: 8 ms where the sum of its floors was 5 (performance: 3.2 and 1.5)
            graphs = median([screen_floor(b, "scroll")[1] for _ in range(b.o.runs)])
            least = share["burst"].per_unit * n / 1000 + graphs
            per_s = whole and whole.us_per_s / 1000
            b.line("console, 100 targets at 1 Hz, cpu per second", per_s, least, 1.6, " ms",
                   f"floor: {n} probes all at once and 20 graphs ({figure(graphs)} ms) at 1 Hz")
            b.line("console, 100 targets at 1 Hz, by itself", per_s, None, 8, " ms")
            b.line("console, 100 targets at 1 Hz, memory", whole and whole.rss_kb / 1024, None, 30,
                   " MB")
    if b.o.rivals:
        with Farm(b) as farm:
            for name, us in rivals.probe_cost(farm, n, b.o.secs).items():
                b.beside(name, us, " us a probe")


def w1tls(b):
    ours, share, ratios = asked(b, TlsFarm, "health", 50, {
        "handshake": ("floor_curl", ["-s", "-c", "-g", str(SLOTS)]),
        "floor": ("floor_curl", ["-s", "-g", str(SLOTS)])})
    b.line("W1 cpu per probe, TLS, standing", ours, share["floor"].per_unit, 1.30, " us",
           ratios=ratios["floor"])
    b.line("W1 cpu per probe, TLS, standing, beside a handshake a probe", ours,
           share["handshake"].per_unit, 1 / 7, " us", "floor: a new connection each time", ratios["handshake"])


def w2(b):
    n = 20
    cost, share, ratios = asked(b, Farm, "metrics", n,
                                {"floor": ("floor_page", ["-g", str(SLOTS)])}, pages=n)
    with Farm(b) as farm:
        samples = farm.samples
    whole = share.get("whole")
    b.line("W2 cpu per scraped page", cost, share["floor"].per_unit, 1.50, " us", f"{samples} samples",
           ratios["floor"])
    b.line("W2 cpu per scraped page with its screen", whole and whole.per_unit,
           share["floor"].per_unit, None, " us")


def w3_config(redis, postgres, every):
    lines = ["watch: bench", "environment: staging", "services:", "  queues:", "    probes:"]
    for i in range(20):
        lines.append(f"      q{i:02d}: {{ queue: \"queue:{i}\", layout: list, redis: \"{redis.url}\", "
                     f"every: {every}, timeout: 900ms }}")
    lines += ["  database:", "    probes:"]
    for show in ("pool", "locks", "long_transactions"):
        lines.append(f"      {show}: {{ postgres: \"{postgres.url}\", show: {show}, every: {every}, "
                     "timeout: 900ms }")
    return "\n".join(lines) + "\n"


def pollers(b, redis, postgres):
    @contextlib.contextmanager
    def floor():
        with program([b.tool("floor_db"), "-p", str(redis.port), "-c", postgres.conninfo]) as p:
            yield p.pid

    starts = {"floor": floor}
    for name, every, size in CONSOLES if b.built else ():
        path = b.config(f"w3-{name}", w3_config(redis, postgres, every))
        starts[name] = lambda path=path, size=size: console_pid(b, path, *size)
    return starts


def w3(b):
    with Redis() as redis, Postgres() as postgres:
        for i in range(20):
            redis.ask("RPUSH", f"queue:{i}", *(f"job {k}" for k in range(i + 1)))
        runs, ours = [], []
        for _ in range(b.o.runs):
            runs.append(together(b, {name: (start, time.monotonic) for name, start in
                                     pollers(b, redis, postgres).items()}))
            if b.built:
                # as in probe_cost(): a poll a second beside a tenth of one
                ours.append((runs[-1]["busy"].us_per_s - runs[-1]["calm"].us_per_s) / 0.9)
        share, whole, ratios = middle(runs), None, ()
        if b.built:
            ratios = [us / run["floor"].us_per_s for us, run in zip(ours, runs)]
            ours, whole = median(ours), share["whole"].us_per_s
        rival = None
        if b.o.rivals and shutil.which("pg_activity"):
            rival = meter.terminal(["pg_activity", "--refresh", "1", "-h", "127.0.0.1", "-U", "postgres",
                                    "-p", str(postgres.port)], ready="PID", secs=b.o.secs,
                                   env={"HOME": b.dir})
    # 100 us all told where the floors were 17 and 9 (performance): the same ratio at this one's pace
    b.line("W3 cpu per poll of 20 queues and 3 queries", ours or None, share["floor"].us_per_s,
           100 / 26, " us", "floor: one pipeline each", ratios)
    b.line("W3 cpu per poll, by itself", ours or None, None, 100, " us")
    b.line("W3 cpu per poll with its screen", whole, share["floor"].us_per_s, None, " us")
    if rival:
        b.beside("pg_activity", rival["cpu_ms_per_s"], " ms a second")


def screen_floor(b, mode):
    """(bytes, CPU ms) per frame of the ncurses floor at 200x60 and 1 Hz."""
    with Screen([b.tool("floor_tui"), "-m", mode], cols=200, rows=60) as s:
        s.wait_for("signal 19")
        s.settle(quiet=60, seconds=b.o.warm)
        before = s.bytes()["bytes"]
        with meter.Window(s.pid) as w:
            s.settle(quiet=60, seconds=b.o.secs)
        return (s.bytes()["bytes"] - before) / w.seconds, w.ms_per_s


def screen_cost(b, path, cols=200, rows=60):
    with b.console(path, cols, rows) as s:
        s.wait_for("midwatch", seconds=10)
        s.settle(quiet=60, seconds=b.o.warm + 2)
        before = s.bytes()["bytes"]
        with meter.Window(s.pid) as w:
            s.settle(quiet=60, seconds=b.o.secs)
        return (s.bytes()["bytes"] - before) / w.seconds, w.ms_per_s


def w4(b):
    with Farm(b) as farm:
        idle = b.config("w4-idle", config(farm, 20, "60s"))
        busy = b.config("w4-busy", config(farm, 20, "1s"))
        found = {k: [] for k in ("scroll", "numbers", "idle", "busy")}
        probe = []
        for _ in range(b.o.runs):
            found["scroll"].append(screen_floor(b, "scroll"))
            found["numbers"].append(screen_floor(b, "numbers"))
            alone = {"floor": (lambda: floor_pid(b, farm, "floor_curl", 20, "-g", str(SLOTS)),
                               lambda: farm.stats()["health"])}
            probe.append(together(b, alone)["floor"].per_unit * 20 / 1000)
            if b.built:
                found["idle"].append(screen_cost(b, idle))
                found["busy"].append(screen_cost(b, busy))
        m = {k: [median(col) for col in zip(*v)] or [None, None] for k, v in found.items()}
        probing = median(probe)
        b.line("W4 idle screen, bytes per second", m["idle"][0], None, 600, " B",
               f"numbers only, floor {figure(m['numbers'][0])} B")
        b.line("W4 idle screen, cpu per second", m["idle"][1], m["numbers"][1], 1.0, " ms",
               "floor: only numbers change, at 1 Hz")
        b.line("W4 busy screen, bytes per second", m["busy"][0], None, 7000, " B",
               f"floor scrolling 20 graphs {figure(m['scroll'][0])} B")
        b.line("W4 busy screen, cpu per second", m["busy"][1], m["scroll"][1] + probing, 1.3, " ms",
               f"floor: 20 graphs {figure(m['scroll'][1])} ms and 20 probes {figure(probing)} ms")
        w4_keys(b, farm)
    for name, argv, ready in (("htop", ["htop", "-d", "10"], "Load average"),
                              ("btop", ["btop", "--utf-force"], "menu")):
        if b.o.rivals and shutil.which(argv[0]):
            t = meter.terminal(argv, ready=ready, secs=b.o.secs, press=("Down", "Up"), n=16,
                               env={"HOME": b.dir})
            b.beside(name, t["bytes_per_s"], f" B/s, {t['cpu_ms_per_s']} ms/s, key "
                     f"{figure(t['median_ms'])} ms, first frame {figure(t['ready_ms'])} ms")


def w4_keys(b, farm):
    with Screen([b.tool("floor_tui"), "-m", "numbers"], cols=200, rows=60) as s:
        s.wait_for("signal 19")
        floor, _ = meter.keys(s, ("j", "k"), min(b.o.keys, 100))
    ours, lost = [], 0
    if b.built:
        path = b.config("w4-keys", config(farm, 1000, "1s", per_service=10))
        with b.console(path, 200, 60) as s:
            s.wait_for("midwatch", seconds=10)
            s.settle(quiet=60, seconds=b.o.warm + 2)
            ours, lost = meter.keys(s, ("j", "k"), b.o.keys)
    f = meter.key_figures(ours, lost)
    note = f"1,000 probes a second beside; {f['keys']} keys, {lost} without an answer; floor " \
           f"{figure(statistics.median(floor))} ms"
    b.line("W4 key to screen, median", f["median_ms"], None, 2, " ms", note)
    b.line("W4 key to screen, p99", f["p99_ms"], None, 10, " ms")


def w5(b):
    runs = max(b.o.runs, 10)
    first, verdicts, ended, floor, floor_end = [], [], [], [], []
    with Farm(b) as farm:
        path = b.config("w5", config(farm, 100, "10s"))
        for _ in range(runs):
            with Screen([b.tool("floor_tui")], ready="signal 19") as s:
                s.wait_for("signal 19")
                floor.append(s.bytes()["ready_ms"])
                s.key("q")
                floor_end.append(s.wait_exit(3)["after_ms"])
            if not b.built:
                continue
            with b.console(path, ready="midwatch") as s:
                s.wait_for("midwatch", seconds=10)
                s.wait_gone("connecting", seconds=10)
                now = s.bytes()
                first.append(now["ready_ms"])
                verdicts.append(now["last_ms"])
                s.key("q")
                ended.append(s.wait_exit(5)["after_ms"])
    b.line("W5 start to first frame", median(first), median(floor), 1.5, " ms")
    b.line("W5 start to first frame, by itself", median(first), None, 15, " ms")
    b.line("W5 start to 100 verdicts", median(verdicts), None, 60, " ms")
    b.line("W5 the end", median(ended), None, 50, " ms", f"floor {figure(median(floor_end))} ms")


def w7(b):
    sizes = [(100, 30), (1000, 90)] + ([(5000, 350)] if b.o.full else [])
    with Farm(b) as farm:
        for n, goal in sizes:
            kb, slope = [], []
            path = b.config(f"w7-{n}", config(farm, n, "1s"))
            for _ in range(min(b.o.runs, 3) if b.built else 0):
                with b.console(path) as s:
                    s.wait_for("midwatch", seconds=10)
                    s.settle(quiet=60, seconds=max(5, b.o.warm))
                    first, t0 = meter.rss_kb(s.pid), time.monotonic()
                    s.settle(quiet=60, seconds=b.o.secs * 2)
                    kb.append(meter.rss_kb(s.pid))
                    slope.append((kb[-1] - first) / (time.monotonic() - t0) * 60)
            b.line(f"W7 memory, {n} targets at 1 Hz", median(kb) and median(kb) / 1024, None, goal,
                   " MB", f"{figure(median(slope))} KB a minute" if slope else "")


def past_written(b, name, *args):
    place = pathlib.Path(b.dir, "midwatch", name)
    place.mkdir(0o700, parents=True)
    out = subprocess.run([b.tool("past"), str(place), *map(str, args)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def past(b):
    hour, week = 3600, 168
    made = past_written(b, "slots", 67, hour, int(time.time() * 1000), "slots")  # 201 signals
    b.line("past, 200 signals at 1 Hz for 7 days", made["bytes"] * week * 200 / 201 / 1e9, None, 0.35, " GB",
           f"{made['bytes'] / hour / 201:.2f} B a value")
    keys = []
    for run in range(b.o.runs if b.built else 0):
        name = f"past{run}"
        made = past_written(b, name, 100, hour, int(time.time() * 1000) - 1000)
        path = b.config(name, f"watch: {name}\nenvironment: staging\nservices:\n  a:\n    probes:\n"
                              "      p: { command: [\"true\"], every: 1h }\n")
        with b.console(path) as s:
            s.wait_for("midwatch", seconds=10)
            s.wait_gone("connecting", seconds=10)
            s.type("--:past 5m")  # charts of an hour: a step is a minute
            s.key("Enter")
            s.wait_for("PAST", seconds=10)
            for _ in range(50):  # each from the disk, where none of it was looked at before
                took = s.latency_ms(",")
                if took is not None:
                    keys.append(took)
            s.wait_for("55m", seconds=5)  # and each of them moved the board
    if keys:
        b.line("past, a board of the last hour on the screen, median", statistics.median(keys), None, 50, " ms",
               f"100 probes at 1 Hz, {made['bytes'] / 1e6:.1f} MB an hour")
        b.line("past, the same, p99", meter.percentile(keys, 99), None, 50, " ms")


LOG_BLOCK, LOG_BLOCKS = 64 << 20, 16


def log_file(b, blocks):
    """Lines as HireFlux writes them, of the last four minutes, an error in fifty."""
    now, parts, size, i = time.time(), [], 0, 0
    while size < LOG_BLOCK:
        at = datetime.datetime.fromtimestamp(now - 240 + 240 * size / LOG_BLOCK, datetime.timezone.utc)
        parts.append(json.dumps({
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": "INFO" if i % 50 else "ERROR", "service": "api", "request_id": f"abc{i * 7919:x}",
            "user_id": f"user_{i % 997}", "message": "Resume generated successfully",
            "duration_ms": i * 7919 % 5000, "path": f"/api/v1/resumes/{i % 13}",
            "statusCode": 200 if i % 50 else 502,
            **({} if i % 9 else {"model": "gpt-4-turbo", "tokens": 2000, "cost_usd": 0.12})},
            separators=(",", ":")))
        size += len(parts[-1]) + 1
        i += 1
    block = ("\n".join(parts) + "\n").encode()
    path = pathlib.Path(b.dir, "big.log")
    with path.open("wb") as f:
        for _ in range(blocks):
            f.write(block)
    return path, i * blocks


def log_ours(b, *args):
    out = subprocess.run([b.tool("logs"), *map(str, args)], capture_output=True, text=True, check=True,
                         env={**os.environ, "TMPDIR": b.dir}).stdout
    return [float(x) for x in out.split()]


def log_rivals(path):
    """us of CPU per MB: who else looks at a field of each line. A block is enough of it."""
    small = path.with_name("small.log")
    with path.open("rb") as f:
        block = f.read(LOG_BLOCK)
    small.write_bytes(block[:block.rindex(b"\n") + 1])
    python = ("import json,sys\nn=0\nfor l in open(sys.argv[1],'rb'):\n"
              " n+=json.loads(l)['level']=='ERROR'\nprint(n)")
    for name, argv in (("jq", ["jq", "-n", "reduce (inputs|select(.level==\"ERROR\")) as $x (0;.+1)",
                               str(small)]),
                       ("python json", [sys.executable, "-c", python, str(small)]),
                       ("grep -c ERROR", ["grep", "-c", "ERROR", str(small)])):
        if shutil.which(argv[0]):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            if subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                yield name, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) \
                    * 1e6 / (small.stat().st_size / 1e6)
    small.unlink()


def log(b):
    path, n_lines = log_file(b, 1 if b.o.quick else LOG_BLOCKS)
    floor, ours, one, appended = [], [], [], []
    for _ in range(b.o.runs):
        size, us, lines = map(int, subprocess.run([b.tool("floor_log"), path], capture_output=True, text=True,
                                                  check=True).stdout.split())
        assert lines == n_lines, (lines, n_lines)
        floor.append(us / (size / 1e6))
        one.append(log_ours(b, path, 1))
        ours.append(log_ours(b, path, 4))
        appended.append(log_ours(b, "-a", 100))
    per_mb = median([us / (size / 1e6) for size, us, *_ in ours])
    b.line("log cpu per MB, 4 probes", per_mb, median(floor), None, " us", f"floor: {n_lines} newlines counted")
    b.line("log cpu per MB, 4 probes, by itself", per_mb, None, 1e6 / 300, " us",
           f"{figure(1e6 / per_mb)} MB/s per core")
    b.line("log cpu per MB, 1 probe", median([us / (size / 1e6) for size, us, *_ in one]), None, 1e6 / 300,
           " us")
    b.line("log memory, growth while it is read", median([x[3] for x in ours]) / 1024, None, 4, " MB")
    b.line("log loop lag while it is read", median([x[5] for x in ours]), None, 50, " ms",
           f"a timer at 10 ms was late by {figure(max(x[4] for x in ours) / 1000)} ms at most")
    b.line("log 100 MB appended, loop lag", median([x[5] for x in appended]), None, 50, " ms",
           f"a timer at 10 ms was late by {figure(max(x[4] for x in appended) / 1000)} ms at most")
    for name, us in log_rivals(path) if b.o.rivals else ():
        b.beside(name, us, " us per MB")
    path.unlink()


def main():
    figures = {"w1": w1, "w1tls": w1tls, "w2": w2, "w3": w3, "w4": w4, "w5": w5, "w7": w7,
               "log": log, "past": past}
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("what", choices=[*figures, "all"])
    ap.add_argument("--midwatch")
    ap.add_argument("--build", default=os.environ.get("MIDWATCH_BUILD", str(ROOT / "build")))
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--secs", type=float, default=4.0, help="length of one window")
    ap.add_argument("--warm", type=float, default=2.0)
    ap.add_argument("--keys", type=int, default=200)
    ap.add_argument("--quick", action="store_true", help="one short run: is everything in place?")
    ap.add_argument("--full", action="store_true", help="1,000 keys, 5,000 targets")
    ap.add_argument("--strict", action="store_true")
    ap.add_argument("--no-rivals", dest="rivals", action="store_false")
    o = ap.parse_args()
    if o.quick:
        o.runs, o.secs, o.warm, o.keys, o.rivals = 1, 1.0, 0.5, 10, False
    if o.full:
        o.keys = 1000
    os.environ.setdefault("MIDWATCH_BUILD", o.build)
    b = Bench(o)
    try:
        for name in figures if o.what == "all" else [o.what]:
            figures[name](b)
    finally:
        shutil.rmtree(b.dir, ignore_errors=True)
    if not b.built:
        print(f"{b.midwatch} is not built: only the floors were measured")
        return 77
    return 1 if b.failed and o.strict else 0


if __name__ == "__main__":
    sys.exit(main())
