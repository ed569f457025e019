"""Fixtures of the fault rows that are done to the configuration: what `midwatch check` says, and what a
running console does when its file changes.
"""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import unicodedata

from harness.peers import die_with_parent, wait_until

from . import console
from .terminal import Terminal

GOOD = """watch: w
environment: staging
vars:
  api: http://127.0.0.1:1
services:
  db:
    probes:
      ping: { http: $api/db, every: 10s }
  api:
    critical: true
    depends_on: [db]
    probes:
      health: { http: $api/health, every: 10s, timeout: 5s, fail_after: 3 }
"""


def swap(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new, 1)


# What is wrong, how it is written, and what the message must name. Places are line:column.
WRONG = [
    ("syntax", swap("{ http: $api/db, every: 10s }", "{ http: $api/db, every: 10s"), r":\d+:\d+: "),
    ("unknown key", swap("every: 10s }", "evry: 10s }"), r":8:\d+: .*evry.*every"),
    ("unknown top key", swap("services:", "servces:"), r":5:1: .*servces.*services"),
    ("unknown kind", swap("{ http: $api/db", "{ htpp: $api/db"), r":8:\d+: .*htpp.*http"),
    ("wrong type", swap("depends_on: [db]", "depends_on: { a: b }"), r":11:\d+: .*depends_on"),
    ("not a boolean", swap("critical: true", "critical: maybe"), r":10:15: .*critical.*maybe"),
    ("bad unit", swap("every: 10s }", "every: 10parsecs }"), r":8:\d+: .*every.*10parsecs"),
    ("no unit", swap("every: 10s }", "every: 10 }"), r":8:\d+: .*every.*10"),
    ("out of range", swap("fail_after: 3", "fail_after: 0"), r":13:\d+: .*fail_after"),
    ("negative", swap("timeout: 5s", "timeout: -5s"), r":13:\d+: .*timeout"),
    ("missing", swap("watch: w\n", ""), r":\d+:\d+: .*watch"),
    ("duplicate", swap("    critical: true", "    critical: true\n    critical: true"),
     r":11:5: .*critical"),
    ("duplicate service", GOOD + "  db:\n    probes: { p: { http: $api/x } }\n", r":14:3: .*db"),
    ("tab", swap("    probes:\n      ping", "\tprobes:\n      ping"), r":7:\d+: .*[Tt]ab"),
    ("bad UTF-8", swap("watch: w", "watch: w\udcff"), r":1:\d+: .*UTF-8"),
    ("NUL", swap("watch: w", "watch: w\x00"), r":1:\d+: "),
    ("empty", "", r":\d+:\d+: "),
    ("only a comment", "# nothing\n", r":\d+:\d+: "),
    ("a list", "- a\n- b\n", r":1:1: "),
    ("alias", swap("watch: w", "watch: &a w").replace("environment: staging", "environment: *a"),
     r":1:8: .*(anchor|alias)"),
    ("dangling", swap("depends_on: [db]", "depends_on: [dv]"), r":11:\d+: .*dv.*db"),
    ("circle", swap("  db:\n    probes", "  db:\n    depends_on: [api]\n    probes"), r":\d+:\d+: .*(db|api)"),
    ("unknown variable", swap("$api/health", "$apo/health"), r":13:\d+: .*apo.*api"),
    ("unset environment", swap("http://127.0.0.1:1", "${env:MIDWATCH_NOT_SET}"), r":4:\d+: .*MIDWATCH_NOT_SET"),
    ("password in a URL", swap("http://127.0.0.1:1", "http://u:hunter2hunter2@127.0.0.1:1"), r":\d+:\d+: "),
    ("no http", swap("http://127.0.0.1:1", "file:///etc/passwd"), r":\d+:\d+: .*http"),
    ("two documents", GOOD + "---\nwatch: x\n", r":14:\d+: "),
    ("hostile id", swap("  db:\n    probes", "  \"../../x\":\n    probes").replace("[db]", "[\"../../x\"]"),
     r":6:3: "),
    ("id like an option", swap("  db:\n    probes", "  -rf:\n    probes").replace("[db]", "[-rf]"), r":6:3: "),
    ("long id", swap("  db:\n    probes", "  " + "x" * 10000 + ":\n    probes").replace("[db]", "[api]"),
     r":\d+:\d+: "),
]


class Config(Terminal):
    """Rows of `check` need no console: run(None) is all there is."""
    console = False

    def path(self, name, text):
        path = pathlib.Path(self.tools.dir, name)
        if isinstance(text, str):
            text = text.encode("utf-8", "surrogateescape")
        path.write_bytes(text)
        os.chmod(path, 0o600)
        return str(path)

    def midwatch(self, *args, seconds=20, **more):
        """(status, output, CPU ms, peak kB); status None when it had to be ended."""
        # A process inherits the peak of the one that forked it: a small one stands between.
        done = subprocess.run([sys.executable, "-IS", "-c", MEASURE, str(seconds), self.tools.midwatch, *args],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=self.tools.dir, preexec_fn=die_with_parent, timeout=seconds + 20,
                              env={"PATH": "/usr/bin:/bin", "HOME": self.tools.dir, "LC_ALL": "C.UTF-8",
                                   **more})
        out, _, told = done.stdout.decode("utf-8", "replace").rpartition("\0")
        status, ms, kb = json.loads(told)
        return status, out, ms, kb


# Runs argv[2:] for at most argv[1] seconds; then NUL and [status, CPU ms, peak kB].
MEASURE = """
import os, signal, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(int(sys.argv[1]))
_, status, u = os.wait4(pid, 0)
code = os.waitstatus_to_exitcode(status)
print("\\0[%s, %f, %d]" % ("null" if code == -9 else code, (u.ru_utime + u.ru_stime) * 1000, u.ru_maxrss))
"""


class Malformed(Config):
    """Every class of mistake is refused with its place."""

    def run(self, c):
        good = self.midwatch("check", self.path("good.yaml", GOOD))
        refused = placed = leaked = 0
        missed = []
        for name, text, wanted in WRONG:
            path = self.path("wrong.yaml", text)
            status, out, _, _ = self.midwatch("check", path)
            refused += status == 2
            right = re.search(r"wrong\.yaml" + wanted, out) is not None
            placed += right
            leaked += "hunter2hunter2" in out
            if status != 2 or not right:
                missed.append(f"{name}: status {status}: {out.strip()[:200]}")
        self.notes = missed
        return {"good": float(good[0] == 0), "refused": refused / len(WRONG),
                "placed": placed / len(WRONG), "leaked": leaked}


class Bombs(Config):
    """Files made to cost much: refused soon and small."""

    def run(self, c):
        name = self.words[0]
        levels = "abcdefghij"
        text = {
            "alias": "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
                f"{k}: &{k} [{', '.join('*' + j for _ in range(9))}]\n"
                for j, k in zip(levels, levels[1:])),
            "flow": "[" * 100000, "map": "{a: " * 20000,
            "block": "".join(" " * i + "a:\n" for i in range(2000)),
            "size": "watch: w\n# " + "x" * 100 + "\n" + "#\n" * (50 << 20),
            "keys": "watch: w\nservices:\n" + "".join(f"  s{i}: 1\n" for i in range(1000000)),
        }[name]
        status, _, ms, kb = self.midwatch("check", self.path("bomb.yaml", text), seconds=30)
        return {"refused": float(status == 2), "ms": ms / self.tools.slack,
                "rss_kb": kb / self.tools.slack}


class Places(Config):
    """What is no regular file, or leads elsewhere."""

    def run(self, c):
        directory = self.tools.dir
        fifo = os.path.join(directory, "fifo.yaml")
        if not os.path.exists(fifo):
            os.mkfifo(fifo)
        loop = os.path.join(directory, "loop.yaml")
        if not os.path.lexists(loop):
            os.symlink(loop, loop)
        include = self.path("include.yaml", "include: include.yaml\n" + GOOD)
        places = [fifo, loop, directory, "/dev/zero", os.path.join(directory, "none.yaml"), include]
        told = [self.midwatch("check", p, seconds=5) for p in places]
        self.notes = [f"{p}: {t[0]}: {t[1].strip()[:150]}" for p, t in zip(places, told) if t[0] != 2]
        return {"refused": sum(t[0] == 2 for t in told) / len(told), "ms": max(t[2] for t in told)}


class Many(Config):
    """Ten thousand targets."""

    def run(self, c):
        services = {f"s{i}": {"health": {"http": f"http://127.0.0.1:1/{i}", "every": "10s"}}
                    for i in range(10000)}
        status, out, ms, kb = self.midwatch("check", self.path("many.yaml", console.config(services)))
        self.notes = [out[:200]] if status else []
        return {"accepted": float(status == 0), "ms": ms / self.tools.slack, "rss_kb": kb}


class Verdicts(Config):
    """`check` and a run say the same of the same file."""

    def corpus(self):
        rng = random.Random(self.tools.seed)
        yield GOOD
        for _, text, _ in WRONG:
            yield text
        for _ in range(self.tools.some(60, 10000)):
            lines = GOOD.splitlines(keepends=True)
            for _ in range(rng.randint(1, 2)):
                i = rng.randrange(len(lines))
                kind = rng.randrange(5)
                if kind == 0:
                    del lines[i]
                elif kind == 1:
                    lines.insert(i, rng.choice(lines))
                elif kind == 2 and lines[i].strip():
                    at = rng.randrange(len(lines[i]))
                    lines[i] = lines[i][:at] + rng.choice("{}[]:,#&*'\"- x0") + lines[i][at + 1:]
                elif kind == 3:
                    lines[i] = " " * rng.randint(0, 4) + lines[i].lstrip()
                else:
                    lines[i] = lines[i].replace("s", "S", 1)
                if not lines:
                    break
            yield "".join(lines)

    # A good file is asked about three times in a row, so a run of it waits more than it works.
    AT_ONCE = 24

    def status(self, command, path):
        """Without a function of ours between fork and exec, which threads forbid."""
        return subprocess.run([self.tools.midwatch, command, path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.tools.dir,
                              env={"PATH": "/usr/bin:/bin", "HOME": self.tools.dir, "LC_ALL": "C.UTF-8"},
                              timeout=60).returncode

    def verdict(self, numbered):
        i, text = numbered
        path = self.path(f"either-{i}.yaml", text)
        checked, ran = self.status("check", path), self.status("status", path)
        os.unlink(path)
        if (checked == 2 and ran == 78) or (checked == 0 and ran in (0, 1, 2, 3)):
            return None
        return f"check {checked}, run {ran}: {text[:300]!r}"

    def run(self, c):
        with concurrent.futures.ThreadPoolExecutor(self.AT_ONCE) as pool:
            told = list(pool.map(self.verdict, enumerate(self.corpus())))
        self.notes = [note for note in told if note]
        return {"files": len(told), "same": told.count(None) / len(told)}


class Reload(Terminal):
    """The file of a running console changes under SIGHUP."""

    def rewrite(self, c, text):
        temporary = c.config + ".new"
        pathlib.Path(temporary).write_text(text)
        os.chmod(temporary, 0o600)
        os.rename(temporary, c.config)
        c.screen.signal("HUP")

    def ids(self, c):
        return {p for p in c.readings()}

    def run(self, c):
        return getattr(self, "do_" + self.words[0])(c)

    def do_bad(self, c):
        """A file with a mistake: the old one stays, and the screen says so."""
        before = self.ids(c)
        self.rewrite(c, c.config_text.replace("services:", "servces:"))
        notice = wait_until(lambda: (c.look().data["board"].get("notice") or None), 5, "a notice")
        c.observe(2.0)
        kept = self.ids(c) == before
        shown = "servces" in c.screen.text()
        self.rewrite(c, c.config_text)
        wait_until(lambda: "servces" not in json.dumps(c.look().data["board"].get("notice", "")), 5,
                   "the notice gone")
        return {"kept": float(kept), "said": float("servces" in json.dumps(notice)),
                "shown": float(shown)}

    def do_many(self, c):
        """Again and again, with one target more or less each time."""
        probe = console.yaml({"http": self.tools.farm.health(0), "every": "1s", "timeout": "900ms"})
        more = c.config_text + f"  comes:\n    probes:\n      p: {probe}\n"
        n = self.tools.some(200, 1000)
        for i in range(n // 2):  # what is bounded has filled by then
            self.once(c, c.config_text if i % 2 else more)
        c.observe(1.0)
        first = c.look().data
        for i in range(n):
            self.once(c, c.config_text if i % 2 else more)
        self.once(c, c.config_text)
        c.observe(3.0)
        last = c.look().data
        # fds: the connection of the target that went may wait for the next one of its host
        return {"slope_kb": (last["rss_kb"] - first["rss_kb"]) / n, "fds": last["fds"] - first["fds"]}

    def once(self, c, text):
        """One reload, and its effect seen on the screen, not on time."""
        self.rewrite(c, text)
        c.screen.wait_for(f"{text.count('probes:')} probes", seconds=10)

    def do_removed(self, c):
        """A target goes while it is being asked: the exchange ends, nothing stays behind."""
        hanging = console.yaml({"http": self.tools.hanging, "every": "1s", "timeout": "900ms",
                                "fail_after": 1})
        self.rewrite(c, c.config_text + f"  held:\n    probes:\n      p: {hanging}\n")
        wait_until(lambda: "held.p" in c.readings(), 5, "the target")
        wait_until(lambda: self.tools.hanging_now() > 0, 5, "an exchange under way")
        self.rewrite(c, c.config_text)
        wait_until(lambda: "held.p" not in c.readings(), 5, "the target gone")
        wait_until(lambda: self.tools.hanging_now() == 0, 5, "the exchange ended")
        c.observe(1.0)
        return {"left": self.tools.hanging_now()}


def cells(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Names(Terminal):
    """Names that a terminal would obey, or that fill the screen: refused, or shown with every row in
    its column. Two services of one title are refused."""

    REFUSED = ("a\x1b[31mb", "x" * 10000, "a\rB\bC\tD", "nul\0")
    SHOWN = ("\u202eevil", "\u5bbd\u5bbd\u5bbd", "\U0001f525" * 8, "../../x", "-rf")

    def services(self, base):
        out = dict(base)
        for name, title in zip(base, self.SHOWN):
            out[name] = {"title": title, "probes": base[name]}
        return out

    def run(self, c):
        check = Config(self.row, self.tools)
        probes = {"p": {"http": "http://127.0.0.1:1/"}}
        wrong = [{"a": {"title": t, "probes": probes}} for t in self.REFUSED]
        wrong.append({name: {"title": "twice", "probes": probes} for name in "ab"})
        told = [check.midwatch("check", check.path("title.yaml", console.config(s))) for s in wrong]
        self.notes += [out[:200] for status, out, *_ in told if status != 2]
        lines = self.settled(c)
        table = lines[:next(i for i, line in enumerate(lines) if "Problems" in line)]
        columns = {cells(line[:line.index(" up ")]) for line in table if re.search(r"\d ms  ", line)}
        return {"refused": sum(t[0] == 2 for t in told) / len(told), "columns": len(columns),
                "rows": len(table), "foreign": len(c.foreign()),
                "torn": self.torn(c)}


FIXTURES = {"malformed": Malformed, "bombs": Bombs, "places": Places, "many": Many,
            "verdicts": Verdicts, "reload": Reload, "names": Names}
