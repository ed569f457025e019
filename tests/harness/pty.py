"""A program in a terminal of its own, with its screen held in memory (over the ptyvt tool).

    with Screen([midwatch, "demo"], cols=120, rows=36) as s:
        s.wait_for("UP", seconds=5)
        s.key("Down", "Enter")
        assert "postgres" in s.row(4)

The tool is found through MIDWATCH_PTYVT, then in build*/tests/harness/. Nothing here sleeps: every
wait is for a condition and has a deadline.
"""
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class PtyError(Exception):
    pass


class NotSeen(AssertionError):
    """What was waited for did not come; carries the screen as it was."""


def tool():
    named = os.environ.get("MIDWATCH_PTYVT")
    if named:
        return named
    build = os.environ.get("MIDWATCH_BUILD")
    found = [pathlib.Path(build) / "tests/harness/ptyvt"] if build else []
    found += sorted(ROOT.glob("build*/tests/harness/ptyvt"))
    for path in found:
        if path.exists():
            return str(path)
    raise PtyError("ptyvt is not built: meson compile -C build")


class Style:
    """How one cell looks: fg and bg are "", "7" or "#rrggbb"."""

    def __init__(self, fg="", bg="", flags=""):
        self.fg, self.bg = fg, bg
        self.bold, self.underline = "b" in flags, "u" in flags
        self.italic, self.blink = "i" in flags, "k" in flags
        self.reverse, self.strike = "r" in flags, "s" in flags
        self.flags = flags

    def __eq__(self, other):
        return (self.fg, self.bg, self.flags) == (other.fg, other.bg, other.flags)

    def __repr__(self):
        return f"Style(fg={self.fg!r}, bg={self.bg!r}, flags={self.flags!r})"


class Screen:
    """`env` adds to the environment (None as a value removes the name). `raw_log` is a path that gets
    every byte the program sent; `ready` a pattern whose first appearance is timed."""

    def __init__(self, argv, cols=120, rows=36, env=None, raw_log=None, ready=None, cwd=None,
                 term="xterm-256color"):
        self.cols, self.rows = cols, rows
        settings = {"TERM": term, "LC_ALL": "C.UTF-8", "COLUMNS": None, "LINES": None,
                    "NO_COLOR": None, "TMUX": None}
        settings.update(env or {})
        command = [tool(), "-s", f"{cols}x{rows}"]
        for name, value in settings.items():
            command += ["-u", name] if value is None else ["-e", f"{name}={value}"]
        if raw_log:
            command += ["--raw-log", str(raw_log)]
        if ready:
            command += ["--ready", ready]
        self.proc = subprocess.Popen(command + ["--"] + [str(a) for a in argv], cwd=cwd,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self._answer()["pid"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self.proc is None:
            return
        try:
            self.proc.stdin.write(b"quit\n")
            self.proc.stdin.close()
        except OSError:
            pass
        try:
            self.proc.wait(5)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
        self.proc.stdout.close()
        self.proc = None

    # -- the line protocol --

    def _answer(self):
        line = self.proc.stdout.readline()
        if not line:
            raise PtyError(f"ptyvt ended with {self.proc.wait()}")
        answer = json.loads(line)
        if not answer["ok"]:
            raise PtyError(answer["error"])
        return answer

    def command(self, line):
        if "\n" in line:
            raise ValueError("a command is one line; use raw() for line feeds")
        self.proc.stdin.write(line.encode() + b"\n")
        self.proc.stdin.flush()
        return self._answer()

    # -- typing --

    def key(self, *names):
        for name in names:
            self.command(f"key {name}")

    def type(self, text):
        self.command(f"text {text}")

    def raw(self, data):
        self.command("raw " + bytes(data).hex())

    def paste(self, text):
        self.command(f"paste {text}")

    def resize(self, cols, rows):
        self.cols, self.rows = cols, rows
        self.command(f"resize {cols}x{rows}")

    # -- looking --

    def dump(self):
        return self.command("dump")

    def cells(self):
        """Rows of cells; the right half of a wide character is ''."""
        return self.command("cells")["cells"]

    def lines(self):
        return self.dump()["text"]

    def text(self):
        return "\n".join(self.lines())

    def row(self, n):
        return self.lines()[n]

    def find(self, text):
        """(row, column) of the first occurrence, or None."""
        for y, line in enumerate(self.lines()):
            if text in line:
                return y, line.index(text)
        return None

    def style_at(self, row, col):
        for start, length, fg, bg, flags in self.dump()["styles"][row]:
            if start <= col < start + length:
                return Style(fg, bg, flags)
        return Style()

    def styles(self, row):
        return self.dump()["styles"][row]

    # -- waiting --

    def shows(self, pattern, seconds=0.0):
        return self.command(f"wait {seconds * 1000:.0f} {pattern}")["found"]

    def wait_for(self, pattern, seconds=3.0):
        """Milliseconds until the screen shows it. Literal text, or /an extended expression/."""
        answer = self.command(f"wait {seconds * 1000:.0f} {pattern}")
        if not answer["found"]:
            raise NotSeen(f"not seen within {seconds} s: {pattern}\n" + framed(answer["text"]))
        return answer["after_ms"]

    def wait_gone(self, pattern, seconds=3.0):
        answer = self.command(f"wait-gone {seconds * 1000:.0f} {pattern}")
        if not answer["found"]:
            raise NotSeen(f"still there after {seconds} s: {pattern}\n" + framed(answer["text"]))
        return answer["after_ms"]

    def settle(self, quiet=0.15, seconds=3.0):
        return self.command(f"settle {quiet * 1000:.0f} {seconds * 1000:.0f}")["settled"]

    def latency_ms(self, key, seconds=5.0):
        """From the key to the first byte that came back, or None."""
        return self.command(f"latency {seconds * 1000:.0f} {key}")["ms"]

    # -- the terminal and the program --

    def bytes(self):
        return self.command("bytes")

    def stop_reading(self):
        self.command("stop-reading")

    def resume_reading(self):
        self.command("resume-reading")

    def rate(self, bytes_per_s):
        self.command(f"rate {bytes_per_s}")

    def stty(self):
        return self.command("stty")

    def signal(self, name, group=False):
        self.command(f"signal{'-group' if group else ''} {name}")

    def hangup(self):
        self.command("hangup")

    def again(self):
        self.pid = self.command("again")["pid"]

    def exited(self):
        """None while it runs, else the answer with "status" or "signal"."""
        answer = self.command("exit?")
        return answer if answer["exited"] else None

    def wait_exit(self, seconds=3.0):
        answer = self.command(f"wait-exit {seconds * 1000:.0f}")
        if not answer["exited"]:
            raise NotSeen(f"the program still runs after {seconds} s\n" + framed(self.lines()))
        return answer


def framed(lines):
    width = max((len(line) for line in lines), default=0)
    return "\n".join(["+" + "-" * width + "+", *(f"|{line:{width}}|" for line in lines),
                      "+" + "-" * width + "+"])


# What the program may send: its pen places the cursor, and all the rest is terminfo's for the terminals
# that it is tested on. Everything else that reaches the terminal came from somewhere else.
OWN = rb"""\x1b\[(?: (?:[0-9]+;[0-9]+)?H           # cursor, clear
                    | 2?J
                    | [0-9;:]*m                   # colours and attributes
                    | \?(?:12|25|47|1049|2004)[hl] | 34h  # cursor, alternate screen, pastes
                    | 2[23];0;0t                  # the title is put aside and back
                    | \?[01]c )                   # cursor of the Linux console
         | \x1b\(B | \x1b\\
         | \x1b7(?=\x1b\[\?47h) | (?<=\x1b\[\?47l)\x1b8  # cursor around the old alternate screen
         | [\n\r\x0f]"""
SEQUENCE = re.compile(rb"(?P<own>" + OWN + rb""")
         | \x1b (?P<string>[\]PX^_]) (?P<text>(?:[^\x07\x1b]|\x1b(?!\\))*) (?:\x07|\x1b\\)
         | (?P<other>\x1b\[[0-?]*[ -/]*[@-~] | \x1b[ -/]*[0-~]? | [\x00-\x1f\x7f])""", re.S | re.X)
C1 = re.compile("[\x80-\x9f]")
INVISIBLE = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
                       "\U000e0000-\U000e007f]")


def foreign(raw, osc=()):
    """What in the bytes of a terminal is not the program's own: a list of what was met, [] when clean.

    `osc` are the numbers of the OSC sequences that the program may send (52 after `y`)."""
    found = []
    rest = bytearray()
    last = 0
    for m in SEQUENCE.finditer(raw):
        rest += raw[last:m.start()]
        last = m.end()
        if m["string"]:
            number = re.match(rb"\d+", m["text"])
            if m["string"] != b"]" or not number or int(number.group(0)) not in osc:
                found.append(m.group(0)[:64])
        elif m["other"]:
            found.append(m["other"])
    rest += raw[last:]
    text = rest.decode("utf-8", "replace")
    found += C1.findall(text) + INVISIBLE.findall(text)
    if "\ufffd" in text and b"\xef\xbf\xbd" not in rest:
        found.append("invalid UTF-8")
    return found
