"""Fixtures of the fault rows that are done to the terminal. The watched services are well all the time;
what must hold is that they stay watched, and how the screen and the terminal look afterwards.

A fixture has: setup() -> arguments for Console, run(console) -> {name: number}, and `ends`: True when
the injection itself ends the program.
"""
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import sys

from harness.peers import proc_state, wait_until

from .console import Console, skeleton
from .invariants import slots

HERE = pathlib.Path(__file__).resolve().parent


class Terminal:
    ends = False
    drawn = True  # False: it is no console that is drawn, but a report that is printed

    def __init__(self, row, tools):
        self.row, self.tools = row, tools
        self.words = row.injection.split()
        self.notes = []

    def setup(self):
        return {}

    def run(self, c):
        raise NotImplementedError

    def settled(self, c):
        return settled(c)

    def torn(self, c):
        return torn(c, self.settled, self.notes)

    def changed(self, before, after):
        """How many rows of two screens at rest differ; which, as notes."""
        return changed(before, after, self.notes)


def settled(c):
    """The frame as it is when all that was asked for has been drawn."""
    c.screen.settle(quiet=0.12, seconds=3)
    return c.screen.lines()


def torn(c, settled, notes):
    """Rows of a screen at rest that a full repaint makes look different: something moved the cursor
    behind our back."""
    with still(c):
        before = settled(c)
        c.screen.key("C-l")
        return changed(before, settled(c), notes)


def changed(before, after, notes):
    rows = different(at_rest(before), at_rest(after))
    notes += [f"before {a!r}, after {b!r}" for a, b in rows[:3]]
    return len(rows)


def different(a, b):
    return [(x, y) for x, y in itertools.zip_longest(a, b) if x != y]


def at_rest(lines):
    """A frozen screen without what goes on: the clock, and how long it has been frozen."""
    return ["FROZEN" if "FROZEN" in line else line.rstrip() for line in lines[1:]]


@contextlib.contextmanager
def still(c):
    """The screen is frozen meanwhile: what changes on it then is a fault of drawing."""
    c.screen.key("z")
    if c.cols >= 40 and c.rows >= 12:
        c.screen.wait_for("FROZEN", seconds=5)
    yield
    c.screen.key("z")


class Resizes(Terminal):
    """Sizes from 1x1 to 500x200 in quick succession, then the first one again."""

    def run(self, c):
        with still(c):
            first = self.settled(c)
            rng = random.Random(7)
            for _ in range(self.tools.some(200, 1000)):
                c.screen.resize(rng.randint(1, 500), rng.randint(1, 200))
            c.screen.resize(c.cols, c.rows)
            wait_until(lambda: self.changed(first, self.settled(c)) == 0, 5, "the first frame again")
            self.notes.clear()
            changed = self.changed(first, self.settled(c))
        return {"torn": self.torn(c), "changed": changed}


class Sized(Terminal):
    """A size too small for anything: it says so or says one line, and goes on watching."""

    def run(self, c):
        cols, rows = map(int, self.words[0].split("x"))
        before = slots(c.look().data)
        c.screen.resize(cols, rows)
        c.observe(3.0)
        after = slots(c.look().data)
        shown = "".join(c.screen.lines()).strip()
        c.screen.resize(c.cols, c.rows)
        c.observe(1.0)
        return {"watched": min(after[p]["done"] - before[p]["done"] for p in after),
                "shown": len(shown), "torn": self.torn(c)}


class Term(Terminal):
    """A TERM that is missing, unknown or weak. `line`: a report is printed and it ends."""

    def __init__(self, row, tools):
        super().__init__(row, tools)
        self.drawn = self.words[1] == "draw"
        self.ends = not self.drawn

    def setup(self):
        name = {"unset": None, "empty": ""}.get(self.words[0], self.words[0])
        return {"env": {"TERM": name}}

    def run(self, c):
        if self.drawn:
            lines = self.settled(c)
            return {"services": sum("ok0" in line for line in lines), "torn": self.torn(c)}
        end = c.screen.wait_exit(30)
        text = c.screen.text()
        raw = c.raw()
        return {"status": -1 if end["status"] is None else end["status"],
                "services": len(set(re.findall(r"ok\d+", raw.decode("utf-8", "replace")))),
                "escapes": raw.count(b"\x1b"), "lines": len(text.split("\n"))}


class Plain(Terminal):
    """No colour: every state still differs by its word."""

    def setup(self):
        return {"env": {"NO_COLOR": "1"}} if self.words[0] == "nocolor" else {
            "env": {"TERM": "xterm-mono"}}

    def run(self, c):
        self.settled(c)
        dump = c.screen.dump()
        coloured = sum(1 for row in dump["styles"] for run in row if run[2] or run[3])
        states = {r["state"] for r in c.readings().values()}
        text = "\n".join(dump["text"]).lower()
        return {"coloured": coloured, "states": len(states),
                "unnamed": sum(s not in text for s in states)}

    def services(self, base):
        """One service in each state beside the healthy ones."""
        return {**base, "gone": {"p": {"http": "http://127.0.0.1:1/", "every": "1s", "timeout": "500ms",
                                       "fail_after": 1}},
                "half": {"p": {"http": "http://127.0.0.1:1/", "every": "1s", "timeout": "500ms",
                               "fail_after": 100}},
                "blind": {"p": {"http": "http://no-such-name.invalid/", "every": "1s",
                                "timeout": "900ms", "fail_after": 1}}}


class Locale(Terminal):
    """A locale without UTF-8: ASCII drawing, columns aligned."""

    def setup(self):
        return {"env": {"LC_ALL": {"C": "C", "latin1": "de_DE.ISO-8859-1",
                                   "missing": "xx_YY.nonsense"}[self.words[0]], "LANG": None}}

    def services(self, base):
        out = dict(base)
        first = next(iter(out))
        out[first] = {"title": "Bücher \u4e2d\u6587", "probes": out[first]}
        return out

    def run(self, c):
        lines = self.settled(c)
        table = [line for line in lines if re.search(r" (ok0\d|B.+cher .*) +up ", line)]
        columns = {line.index(" up ") for line in table}
        return {"beyond_ascii": sum(b > 126 for b in c.raw()), "columns": len(columns),
                "rows": len(table), "torn": self.torn(c)}


class Ends(Terminal):
    """The session goes away: it ends within a second, with nothing left behind."""
    ends = True

    def run(self, c):
        children = c.children()
        how = self.words[0]
        if how == "hup":  # with its terminal in place it reloads; the loss afterwards ends it all the same
            c.screen.signal("HUP")
            c.screen.wait_for("reload", seconds=5)
            c.screen.hangup()
        elif how == "hangup":
            c.screen.hangup()
        elif how == "term":
            c.screen.signal("TERM")
        elif how == "full":  # a line that takes nothing any more, and then goes away
            c.screen.stop_reading()
            c.observe(2.0)
            c.screen.hangup()
        end = c.screen.wait_exit(10)
        wait_until(lambda: all(proc_state(p) in "XZ" for p in children), 5, "children gone")
        return {"exit_ms": end["after_ms"],
                "by_itself": float(end["signal"] in (None, "HUP", "TERM"))}


class Stops(Terminal):
    """Ctrl-Z and fg under a shell, again and again."""

    def setup(self):
        self.log = os.path.join(self.tools.dir, "stops")
        pathlib.Path(self.log).unlink(missing_ok=True)
        return {"wrap": [sys.executable, str(HERE / "jobshell.py"), self.log]}

    def stops(self):
        path = pathlib.Path(self.log)
        return [json.loads(x) for x in path.read_text().splitlines()] if path.exists() else []

    def run(self, c):
        pid = int(pathlib.Path(self.log + ".pid").read_text())
        c.screen.key("z")
        c.screen.wait_for("FROZEN", seconds=5)
        first = self.settled(c)
        n = self.tools.some(10, 50)
        for i in range(n):
            c.screen.key("C-z")
            wait_until(lambda: len(self.stops()) > i, 5, f"stop {i + 1}")
            wait_until(lambda: proc_state(pid) not in "Tt", 5, "it goes on")
            c.screen.settle(quiet=0.1, seconds=2)
        changed = self.changed(first, self.settled(c))
        c.screen.key("z")
        left = self.stops()
        return {"stops": len(left) / n, "raw": sum(not (s["icanon"] and s["echo"]) for s in left),
                "changed": changed, "torn": self.torn(c)}


class Blocked(Terminal):
    """A terminal that takes nothing, or little: the watch does not notice."""

    def run(self, c):
        how = self.words[0]
        before = slots(c.look().data)
        bytes_before = c.screen.bytes()["bytes"]
        if how == "stopped":
            c.screen.stop_reading()
        elif how == "xoff":
            c.screen.raw(b"\x13")
        else:
            c.screen.rate(float(how))
        for i in range(6):  # something to draw all the time
            c.screen.resize(c.cols - i % 2, c.rows)
            c.observe(1.0)
        after = slots(c.look().data)
        out = {"missed": sum(after[p]["missed"] - before[p]["missed"] for p in after),
               "done": min(after[p]["done"] - before[p]["done"] for p in after),
               "late_ms": max(s["late_max_ms"] for s in after.values()),
               "bytes": c.screen.bytes()["bytes"] - bytes_before}
        c.screen.resize(c.cols, c.rows)
        c.screen.rate(0)
        c.screen.resume_reading()
        if how == "xoff":
            c.screen.raw(b"\x11")
        out["resume_ms"] = c.screen.wait_for("ok00", seconds=5)
        c.observe(1.5)
        out["torn"] = self.torn(c)
        return out


class Killed(Terminal):
    """SIGKILL leaves the terminal raw; the next start makes it right."""

    def run(self, c):
        c.screen.signal("KILL")
        c.screen.wait_exit(3)
        left = c.screen.stty()
        c.samples.clear()
        pathlib.Path(c.debug).unlink(missing_ok=True)
        c.screen.again()
        c.wait_up(["ok00.health"], 15)
        c.started_ms = c.samples[0].at_ms
        c.observe(1.0)
        return {"was_raw": float(not left["icanon"]), "torn": self.torn(c)}


class Crashed(Terminal):
    """A fatal signal: the terminal is restored before the end."""
    ends = True

    def run(self, c):
        c.screen.signal(self.words[0])
        end = c.screen.wait_exit(10)
        left = c.screen.stty()
        return {"by_signal": float(end["signal"] == self.words[0]), "restored": float(left["as_at_start"]),
                "alternate": float(left["alternate"])}


def frame(lines):
    """What two consoles of one configuration have in common: everything but figures and graphs."""
    return [re.sub(r"[ #]+", " ", re.sub("\u2500+", "\u2500", line)) for line in skeleton(lines)[1:]]


class Wrapped(Terminal):
    """Inside another program that has the terminal: the frame is the same as without."""

    def setup(self):
        how = self.words[0]
        if not shutil.which(how):
            from harness.peers import Missing
            raise Missing(f"{how} is not installed")
        self.inner = {"script": ["script", "-qec", "@", "/dev/null"],
                      "tmux": ["tmux", "-L", f"midwatch-{os.getpid()}", "-f", "/dev/null",
                               "new-session", "@", ";", "set", "status", "off"]}[how]
        return {"through": self.inner}

    def run(self, c):
        inside = self.settled(c)
        with Console(c.midwatch, c.config_text, cols=c.cols, rows=c.rows) as plain:
            plain.wait_up(["ok00.health"], 15)
            plain.observe(2.0)
            outside = self.settled(plain)
            plain.screen.key("q")
            plain.screen.wait_exit(5)
        rows = different(frame(inside), frame(outside))
        self.notes += [f"inside {a!r}, outside {b!r}" for a, b in rows[:3]]
        return {"changed": len(rows)}


class Garbage(Terminal):
    """What terminals say unasked: mouse, focus, answers, and sequences nobody knows."""

    def run(self, c):
        c.screen.key("z")
        c.screen.wait_for("FROZEN", seconds=5)
        first = self.settled(c)
        for junk in (b"\x1b[<0;10;5M\x1b[<0;10;5m", b"\x1b[M !!", b"\x1b[I\x1b[O", b"\x1b[?62;c",
                     b"\x1b[24;80R", b"\x1b]l title\x1b\\", b"\x1b[" + b"1;" * 2048 + b"y",
                     b"\x1bP" + b"z" * 4096 + b"\x1b\\", b"\x1b[200~:quit\rqqq\x1b[201~",
                     b"\x1b[99~", b"\xff\xfe\x80"):
            c.screen.raw(junk)
            c.observe(0.3)
        c.screen.key("Esc")
        changed = self.changed(first, self.settled(c))
        c.screen.key("z")
        return {"alive": float(c.screen.exited() is None), "changed": changed,
                "torn": self.torn(c)}


FIXTURES = {"resizes": Resizes, "sized": Sized, "term": Term, "plain": Plain, "locale": Locale,
            "ends": Ends, "stops": Stops, "blocked": Blocked, "killed": Killed, "crashed": Crashed,
            "wrapped": Wrapped, "garbage": Garbage}
