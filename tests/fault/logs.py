"""Fixtures of the fault rows that are logs: a file that a program writes ten lines a second to, or a command
that prints them; both are well, and then replaced, emptied, rotated, flooded, silent or full of rubbish.
"""
import json
import os
import pathlib
import random
import shutil
import threading
import time

from . import hostile_text
from .sources import Source

PIECE = b"x" * (1 << 20)


def line(**fields):
    return json.dumps({"time": int(time.time() * 1000), "level": "info", **fields}).encode() + b"\n"


class Log(Source):
    """A writer as programs are: it appends, and opens the file anew when told."""
    hold_s = 5.0
    settle_s = 18.0  # a file that was renamed is read on for a while

    def start(self):
        self.lock = threading.Lock()
        self.written = 0
        self.quiet = self.ended = False
        self.path = None

    def probes(self, directory):
        self.path = pathlib.Path(directory, "app.log")
        self.open()
        self.write(line())
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        self.stack.callback(self.end, thread)
        return {"errors": self.probe("jsonlog", str(self.path), where={"level": "error"}, over="1m",
                                     group_by="name", silent="2s"),
                "lines": self.probe("jsonlog", str(self.path), over="1h", silent="2s")}

    def open(self):
        self.file = open(self.path, "ab", buffering=0)

    def write(self, data, lines=1):
        with self.lock:
            self.file.write(data)
            self.written += lines

    def run(self):
        while not self.ended:
            if not self.quiet:
                self.write(line())
            time.sleep(0.1)

    def end(self, thread):
        self.ended = True
        thread.join()
        self.file.close()

    def inject(self, words):
        getattr(self, "do_" + words[0])(*words[1:])

    def heal(self):
        if not self.path.is_file() or self.path.is_symlink():
            if self.path.is_dir() and not self.path.is_symlink():
                self.path.rmdir()
            else:
                self.path.unlink()
            with self.lock:
                self.open()
        self.quiet = False

    def figures(self):
        return {"written": self.written}

    # -- replaced --

    def replaced(self):
        self.path.unlink()

    def do_fifo(self):
        self.replaced()
        os.mkfifo(self.path)

    def do_folder(self):
        self.replaced()
        self.path.mkdir()

    def do_link(self):
        secret = self.path.with_name("canary")
        secret.write_text('{"level":"error","name":"stolen"}\n')
        self.replaced()
        self.path.symlink_to(secret)

    # -- what is in it --

    def do_emptied(self):
        os.truncate(self.path, 0)

    def do_silent(self):
        self.quiet = True

    def do_endless(self):
        """A line of 1 GB, then its end."""
        for _ in range(self.tools.some(256, 1024)):
            self.write(PIECE, 0)
        self.write(b"\n")

    def do_rubbish(self, kind):
        rng = random.Random(self.tools.seed)
        rubbish = {"nul": b"\0" * 100 + b"{\"level\":\0\"error\"}\n",
                   "latin": '{"level":"error","name":"caf\xe9"}\n'.encode("latin-1"),
                   "random": rng.randbytes(20000).replace(b"\n", b"") + b"\n",
                   "half": b'{"level":"error","name":"x"\n',
                   "deep": b'{"a":' + b"[" * 100000 + b"\n"}[kind]
        for _ in range(5):
            self.write(rubbish)

    def do_hostile(self):
        """Every hostile text is the name of a group."""
        for text in hostile_text.corpus():
            self.write(b'{"level":"error","name":' + hostile_text.quoted(text) + b"}\n")

    def do_groups(self):
        for i in range(100000):
            self.write(line(level="error", name=f"group {i}"))

    def do_appended(self):
        """100 MB at once."""
        block = b"".join(line(level="debug", message="m" * 150, n=i) for i in range(4000))
        for _ in range(-(-100_000_000 // len(block))):
            self.write(block, 4000)

    def do_rotated(self):
        """logrotate, ten times a second, with a writer that notices a moment later."""
        for i in range(20):
            old = self.path.with_suffix(f".{i}")
            self.path.rename(old)
            self.path.touch()
            self.write(line())
            with self.lock:
                self.file.close()
                self.open()
            time.sleep(1.1 if i % 5 == 0 else 0.02)


class LogCommand(Log):
    """The same from a command, as docker logs -f prints it."""
    every_ms, timeout_ms, hold_s = 1000, 800, 6.0

    def probes(self, directory):
        super().probes(directory)
        self.script = pathlib.Path(directory, "follow")
        tail = shutil.which("tail")
        # `exec` so that what is ended is the tail; a word in a file says what to do instead
        self.script.write_text(f"#!/bin/sh\nmode=$(cat {directory}/mode 2>/dev/null)\n"
                               "case $mode in\n"
                               "ends) echo 'Error: No such container: app' >&2; exit 1;;\n"
                               "flood) yes '{\"level\":\"debug\"}' | head -c 300000000;;\n"
                               f"esac\nexec {tail} -n 50 -F {self.path}\n")
        os.chmod(self.script, 0o755)
        self.mode = pathlib.Path(directory, "mode")
        self.pidfile = pathlib.Path(directory, "pid")
        return {"errors": self.probe("jsonlog", [str(self.script), "-f"], where={"level": "error"},
                                     over="1m", silent="2s")}

    def children(self):
        """Our script's process: the tail of our file."""
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                argv = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.path).encode() in argv:
                yield int(entry.name)

    def begin_anew(self, mode):
        self.mode.write_text(mode)
        for pid in self.children():
            os.kill(pid, 15)

    def do_ends(self):
        self.begin_anew("ends")

    def do_flood(self):
        self.begin_anew("flood")

    def do_killed(self):
        self.begin_anew("")

    def do_stopped(self):
        self.stopped = list(self.children())
        for pid in self.stopped:
            os.kill(pid, 19)

    def heal(self):
        self.mode.write_text("")
        for pid in getattr(self, "stopped", ()):
            os.kill(pid, 18)


FIXTURES = {"log": Log, "logcommand": LogCommand}
