#!/usr/bin/env python3
"""The fault driver: hurts what midwatch watches, the terminal it draws on and the file it reads, row by
row of rows.tsv, and checks the eight invariants after each, and the row's own figure.

    driver.py [--row ID]... [--fixture NAME]... [--build DIR] [--midwatch PATH] [--full] [--list]

Rows run one after the other: their bounds are of real time. --row H4 runs all variants of H4. 20
healthy targets stand beside each faulted one, 200 with --full, which also runs the long forms. Closes
with a line "N passed, N failed, N skipped"; exit 0, 1, or 77 when midwatch is not built.
"""
import argparse
import contextlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
from bench.bench import Farm  # noqa: E402
from fault import (commands, configs, console, databases, dumps, invariants, logs, rows,  # noqa: E402
                   sources, terminal, wire)
from fault.console import Console, now_ms  # noqa: E402
from harness import host, peers  # noqa: E402
from harness.hostile import Http, http as evil  # noqa: E402

SOURCES = {**sources.FIXTURES, **databases.FIXTURES, **commands.FIXTURES, **logs.FIXTURES, **wire.FIXTURES,
           **dumps.FIXTURES}
DOINGS = {**terminal.FIXTURES, **configs.FIXTURES, **wire.DOINGS}


class Tools:
    """What fixtures are given: places, sizes, and a target that hangs."""

    def __init__(self, options):
        self.o = options
        self.build = pathlib.Path(options.build)
        self.midwatch = str(options.midwatch or self.build / "midwatch")
        self.dnsshim = str(self.build / "tests/harness/dnsshim.so")
        self.seed = options.seed
        self.sanitized = self.is_sanitized()
        self.slack = 10.0 if self.sanitized else 1.0
        self.n_healthy = 200 if options.full else 20

    def is_sanitized(self):
        """Does the build carry a sanitizer? Real-time bounds are those of a build without."""
        with contextlib.suppress(OSError):
            out = subprocess.run(["ldd", self.midwatch], capture_output=True, text=True).stdout
            return "libasan" in out or "libubsan" in out
        return False

    def some(self, sample, full):
        return full if self.o.full else sample

    def tool(self, name):
        return str(self.build / "tests/bench" / name)

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.dir = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="midwatch-row-"))
        self.farm = self.stack.enter_context(Farm(self))
        self.hanging_server = self.stack.enter_context(Http({"/": evil.hang()}))
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    @property
    def hanging(self):
        return self.hanging_server.url + "/"

    def hanging_now(self):
        return self.hanging_server.stats["now"]

    def healthy(self):
        """{service: {probe: options}} of the targets that stand beside."""
        return {f"ok{i:02d}": {"health": {"http": self.farm.health(i), "every": "1s",
                                          "timeout": "900ms", "fail_after": 1}}
                for i in range(self.n_healthy)}


class Result:
    def __init__(self, row):
        self.row, self.broken, self.measured, self.notes = row, {}, {}, []
        self.skipped = None
        self.seconds = 0.0

    @property
    def word(self):
        return "skipped" if self.skipped else "FAILED" if self.broken else "passed"


def record_of(tools, c, healthy, faulty=()):
    r = invariants.Record(healthy=[f"{s}.health" for s in healthy], faulty=list(faulty),
                          slack=tools.slack, started_ms=c.started_ms)
    r.every_ms = {p: 1000 for p in r.healthy}
    r.timeout_ms = {p: 900 for p in r.healthy}
    return r


def close(tools, c, record, result, key="q"):
    """Ends the console, completes the record, and judges."""
    record.exit, record.stty = c.quit(key, seconds=5)
    record.ended_ms = record.ended_ms or now_ms()
    record.samples, record.key_ms = c.samples, c.key_ms
    record.reports, record.evidence = c.reports(), c.evidence
    result.notes += c.foreign()[:3] and [f"foreign bytes: {c.foreign()[:3]}"]
    result.measured["foreign"] = len(c.foreign())
    result.notes += c.stood
    if record.exit is None or record.exit.get("signal"):
        result.notes.append("its last words: " + last_words(c))


def last_words(c):
    text = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()].", "", c.raw()[-3000:].decode("utf-8", "replace"))
    return " ".join(text.split())[-400:]


# Rows that bound memory need the quarantine out of the way; the others are there to find what uses freed memory.
def sanitizers(row):
    bounds = any(name in ("rss_kb", "slope_kb") for name, _, _ in row.figures)
    return console.NOTHING_HELD_BACK if bounds else ""


def run_source(tools, row, result):
    """A watched thing is well, is hurt, is healed."""
    with SOURCES[row.fixture](row, tools) as source:
        healthy = tools.healthy()
        words = row.injection.split()
        if source.from_start:
            source.inject(words)
        env = {**source.env}
        probes = {}
        with Console(tools.midwatch, "", env=env, sanitized=tools.sanitized, asan=sanitizers(row)) as c:
            c.screen.close()  # the directory is there now; the configuration names files in it
            probes = source.probes(c.dir)
            pathlib.Path(c.config).write_text(console.config({"faulty": probes, **healthy}))
            c.start()
            faulty = [f"faulty.{p}" for p in probes]
            r = record_of(tools, c, healthy, faulty)
            for p in faulty:
                r.every_ms[p], r.timeout_ms[p] = source.every_ms, source.timeout_ms
            r.states, r.recover_ms = row.states, row.recover_ms(source.every_ms)
            r.canaries = list(source.canaries)
            watch(tools, row, c, source, r, result)
            close(tools, c, r, result)
            result.broken.update(invariants.check(r))
            own = rows.judge(row, result.measured)
            if own:
                result.broken["figure"] = own


def watch(tools, row, c, source, r, result):
    """From the start to the recovery; fills the record and the row's own measurements."""
    up = [f"{p}" for p in r.healthy] + ([] if source.from_start else r.faulty)
    c.wait_up(up, 30)
    cpu_rate = measure_cpu(c, 2.2)  # two writes of the debug file at least
    r.baseline = c.look().data
    before = descriptors(c)
    if r.states and "up" not in r.states:
        c.watch_green = "faulty"
    r.lag_ms = source.lag_ms
    r.settle_ms = source.settle_s * 1000
    r.injected_ms = c.started_ms if source.from_start else now_ms()
    if not source.from_start:
        source.inject(row.injection.split())
    t0, cpu0 = time.monotonic(), cpu_ns(c)
    c.observe(source.hold_s, keys=not tools.sanitized, tick=source.tick)
    spent = (cpu_ns(c) - cpu0) / 1e6 - cpu_rate * (time.monotonic() - t0)
    judge_state(row, c, r, result)
    measure(c, r, source, spent, result)
    source.seen(told(c, r))
    if r.recover_ms is not None:
        r.healed_ms = now_ms()
        source.heal()
        c.watch_green = None
        with contextlib.suppress(AssertionError):  # I8 says it better
            c.wait(lambda seen: all(seen[p]["state"] == "up" for p in r.faulty),
                   r.recover_ms / 1000 * r.slack + 3, "up again")
        c.observe(1.2)
        settle_counts(c, r, before, result)
        source.healed()
    result.measured.update(source.figures())


def told(c, r):
    """The values of the first signal of the faulty probes, each answer's once, in the fault."""
    out = {}
    for s in c.samples:
        for p, reading in invariants.readings(s.data).items():
            value = (reading.get("signals") or [{}])[0]
            if p in r.faulty and value.get("known") and value.get("at_ms", 0) >= r.injected_ms:
                out[p, value["at_ms"]] = value["value"]
    return list(out.values())


def cpu_ns(c):
    from bench.meter import cpu_ns as of
    return of(c.screen.pid)


def measure_cpu(c, seconds):
    """CPU ms a second while all is well."""
    before, t0 = cpu_ns(c), time.monotonic()
    c.observe(seconds)
    return (cpu_ns(c) - before) / 1e6 / (time.monotonic() - t0)


def descriptors(c):
    """What the program has open, as far as we may see."""
    out = []
    for path in pathlib.Path(f"/proc/{c.screen.pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            out.append(f"{path.name} {os.readlink(path)}")
    return set(out)


def settle_counts(c, r, before, result):
    """Descriptors and children may take 5 s to come back (I4)."""
    deadline = time.monotonic() + r.settle_ms / 1000
    while time.monotonic() < deadline:
        data = c.look().data
        if all(data[n] <= r.baseline[n] for n in ("fds", "children")):
            return
        c.observe(0.3)
    result.notes.append(f"left open: {sorted(descriptors(c) - before)[:8]}; gone: "
                        f"{sorted(before - descriptors(c))[:8]}")


def said(reading):
    """Class of the fault and reason: "bad reply: offset 16: something follows the value"."""
    return f"{reading.get('fault', 'none')}: {reading['reason']}"


def judge_state(row, c, r, result):
    """The states and reasons that the row expects, on the last look before the healing."""
    seen = invariants.readings(c.look().data)
    wrong = []
    for p in r.faulty:
        reading = seen[p]
        if r.states and reading["state"] not in r.states:
            wrong.append(f"{p} is {reading['state']} ({reading['reason']}), not {row.state}")
        elif row.reason != "-" and not re.search(row.reason, said(reading), re.I):
            wrong.append(f"{p}: '{said(reading)}' does not match /{row.reason}/")
    if wrong:
        result.broken["state"] = wrong[:5] + ([f"and {len(wrong) - 5} more"] if len(wrong) > 5 else [])
    result.measured["greens"] = sum(seen[p]["state"] == "up" for p in r.faulty)


def measure(c, r, source, spent_cpu_ms, result):
    """What can be said of every source row. Per exchange where that is the point."""
    last, base = c.look().data, r.baseline
    s = invariants.slots(last)
    first = invariants.slots(base)
    exchanges = sum(s[p][n] - first.get(p, {}).get(n, 0) for p in r.faulty for n in ("done", "extra")
                    if n in s[p])
    m = result.measured
    took = max((s[p].get("took_ms", 0) for p in r.faulty), default=0)
    m["took_ms"] = took
    m["deadline_error_ms"] = abs(took - source.timeout_ms) / r.slack
    m["connect_error_ms"] = abs(took - 1000) / r.slack
    m["cpu_ms"] = max(0.0, spent_cpu_ms / max(1, exchanges)) / r.slack
    m["rss_kb"] = (max(x.data["rss_kb"] for x in c.samples) - base["rss_kb"]) / r.slack
    text = "\n".join(c.screen.lines())
    # "invalid: NaN" quotes what was read; anywhere else it would be a value
    m["nan_on_screen"] = len(re.findall(r"(?<!invalid: )(?<!invalid: [+-])(?<!answer is )\b(nan|inf(inity)?)\b", text,
                                        re.I))
    if m["nan_on_screen"]:
        result.notes += [line for line in c.screen.lines() if re.search(r"\b(nan|inf)", line, re.I)][:3]
    m["torn"] = terminal.torn(c, terminal.settled, result.notes)


def run_doing(tools, row, result):
    """Something is done to the terminal or to the configuration."""
    doing = DOINGS[row.fixture](row, tools)
    if not getattr(doing, "console", True):
        result.measured.update(doing.run(None))
        result.notes += getattr(doing, "notes", [])
        own = rows.judge(row, result.measured)
        if own:
            result.broken["figure"] = own
        return
    healthy = tools.healthy()
    services = doing.services(healthy) if hasattr(doing, "services") else healthy
    with Console(tools.midwatch, console.config(services), sanitized=tools.sanitized,
                 asan=sanitizers(row), **doing.setup()) as c:
        r = record_of(tools, c, healthy)
        if doing.drawn:
            c.wait_up(r.healthy, 30)
            c.observe(2.0)
            r.baseline = c.look().data
            r.injected_ms = now_ms()
        result.measured.update(doing.run(c))
        if doing.drawn and not doing.ends:
            r.ended_ms = now_ms()
            c.observe(1.0)
        if row.fixture == "killed":
            r.baseline, r.started_ms = None, 0
        close(tools, c, r, result, key=None if doing.ends else "q") if not (
            row.fixture == "ends" and row.injection != "term") else hung_up(c, r)
        skip = SKIP.get(row.fixture, ())
        result.broken.update(invariants.check(r, skip))
        own = rows.judge(row, result.measured)
        if own:
            result.broken["figure"] = own
        result.notes += getattr(doing, "notes", [])


def hung_up(c, r):
    """The terminal is gone: how the program ended is what is left to judge. It says 1 for that."""
    r.exit = c.screen.exited()
    if r.exit and (r.exit["signal"] == "HUP" or r.exit["status"] == 1):
        r.exit = {"status": 0, "signal": None}
    r.samples, r.reports, r.evidence = c.samples, c.reports(), c.evidence


# What cannot hold because the row itself breaks it: a signal that the row sent is how it ended, a
# report that was printed has its own exit code.
# The sentences that speak of real time alone.
LATE = re.compile(r"loop lag |nothing was written for \d|key to paint: \d|\w+_ms is \d"
                  r"|[\w-]+\.[\w-]+: (\d+ missed$|\d+ ms late$|right again after \d)")
SKIP = {"crashed": {"I6"}, "term": {"I6"}, "killed": {"I2"}, "names": set()}


def is_late(result):
    """Something is broken, and all of it came too late: nothing green, lost, leaked, hung or crashed."""
    found = [s for sentences in result.broken.values() for s in sentences]
    return bool(found) and all(LATE.match(s) for s in found)


def run_row(tools, row):
    """Once; again, twice at most, when it was late, and no more than that, in a time in which the host took
    the machine away."""
    for again in (True, True, False):
        before = host.taken_ms()
        result = run_row_once(tools, row)
        taken = host.taken_ms() - before
        if not (again and is_late(result) and taken >= host.TAKEN_MS):
            break
        show(result, tools.o.verbose)
        print(f"        once more: the host took {taken} ms of processor from this machine meanwhile", flush=True)
    return result


def run_row_once(tools, row):
    result = Result(row)
    t0 = time.monotonic()
    try:
        if row.fixture in SOURCES:
            run_source(tools, row, result)
        else:
            run_doing(tools, row, result)
    except peers.Missing as why:
        if os.environ.get("MIDWATCH_NO_SKIP") == "1":
            result.broken["fixture"] = [f"nothing may be skipped: {why}"]
        else:
            result.skipped = str(why)
    except Exception as why:  # a row that cannot be run has failed; the others go on
        result.broken["run"] = [f"{type(why).__name__}: {why}"]
        if tools.o.verbose:
            traceback.print_exc()
    result.seconds = time.monotonic() - t0
    return result


def show(result, verbose):
    m = {k: round(v, 2) for k, v in sorted(result.measured.items()) if v is not None}
    wanted = [n for n, _, _ in result.row.figures]
    figures = " ".join(f"{k}={v:g}" for k, v in m.items() if verbose or k in wanted)
    said = [f"{result.word:8}{result.row.id:16}{result.seconds:6.1f} s  {result.row.fixture} "
            f"{result.row.injection}  {figures}"]
    if result.skipped:
        said.append(f"        {result.skipped}")
    for name, sentences in result.broken.items():
        for s in sentences[:8]:
            shown = s if verbose else "\n".join(s.splitlines()[:4])
            said.append(f"        {name}: {shown}")
    for note in result.notes if result.broken or verbose else ():
        said.append(f"        note: {note}")
    print("\n".join(said), flush=True)  # in one piece: others may be at work beside


def options(argv=None):
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--row", action="append", default=[])
    ap.add_argument("--fixture", action="append", default=[])
    ap.add_argument("--build", default=os.environ.get("MIDWATCH_BUILD", str(ROOT / "build")),
                    type=lambda p: str(pathlib.Path(p).resolve()))
    ap.add_argument("--midwatch")
    ap.add_argument("--full", action="store_true")
    ap.add_argument("--sample", type=int, help="so many rows, drawn by the seed, ids first")
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--jobs", type=int, default=1, help="so many rows side by side")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("-v", "--verbose", action="store_true")
    return ap.parse_args(argv)


def chosen(o):
    out = [row for row in rows.load()
           if (not o.row and not o.fixture) or row.id in o.row or row.base in o.row or
           row.fixture in o.fixture]
    if not o.sample:
        return out
    rng = random.Random(o.seed)
    drawn, seen = rng.sample(out, len(out)), set()
    # first a variant of each id, then the others
    drawn.sort(key=lambda row: row.base in seen or seen.add(row.base) or False)
    kept = {row.id for row in drawn[:o.sample]}
    return [row for row in out if row.id in kept]


def main():
    o = options()
    if o.list:
        for row in chosen(o):
            print(f"{row.id:16}{row.fixture:14}{row.injection:20}{row.state:24}{row.figure}")
        return 0
    os.environ.setdefault("MIDWATCH_BUILD", o.build)
    tools = Tools(o)
    if not os.access(tools.midwatch, os.X_OK):
        print(f"skipped: {tools.midwatch} is not built")
        return 1 if os.environ.get("MIDWATCH_NO_SKIP") == "1" else peers.SKIP
    if shutil.which("tmux") is None and not o.row:
        print("tmux is not installed: T15.tmux will be skipped")
    print(f"seed {o.seed}, {tools.n_healthy} healthy targets beside"
          + (", sanitizers: bounds of time are wide" if tools.sanitized else ""), flush=True)
    todo = []
    for row in chosen(o):
        if tools.sanitized and row.fixture == "crashed":
            # main_rescue() of app/main.c leaves them to the sanitizer, so there is nothing to see
            print(f"left out {row.id}: a sanitizer handles crashes itself", flush=True)
        else:
            todo.append(row)
    words = side_by_side(tools, todo, o.jobs) if o.jobs > 1 else [run_and_show(tools, row) for row in todo]
    count = {w: words.count(w) for w in ("passed", "FAILED", "skipped")}
    lost = len(todo) - len(words)  # of a process that ended amid a row
    print(f"{count['passed']} passed, {count['FAILED'] + lost} failed, {count['skipped']} skipped")
    return 1 if count["FAILED"] or lost or not words else 0


def run_and_show(tools, row):
    with tools:
        result = run_row(tools, row)
    show(result, tools.o.verbose)
    return result.word


def side_by_side(tools, todo, jobs):
    """The words of all rows, by so many processes; each takes the next row as soon as it is through with one."""
    wanted, told = os.pipe(), os.pipe()
    pids = []
    os.write(wanted[1], b"".join(i.to_bytes(2, "big") for i in range(len(todo))))
    os.close(wanted[1])
    for _ in range(jobs):
        pids.append(os.fork())
        if pids[-1] == 0:
            status = 1
            try:
                while at := os.read(wanted[0], 2):
                    os.write(told[1], (run_and_show(tools, todo[int.from_bytes(at, "big")]) + "\n").encode())
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
    os.close(told[1])
    with open(told[0]) as f:
        words = f.read().split()
    for pid in pids:
        os.waitpid(pid, 0)
    return words


if __name__ == "__main__":
    sys.exit(main())
