"""Fixtures of the fault rows that are commands: a script that is well, and then hangs, floods, crashes,
is gone, or looks at what it was given.
"""
import contextlib
import os
import pathlib

from harness.peers import wait_until

from .sources import Source

WELL = "echo 'FAKE OK - well'\n"

SCRIPTS = {
    "hangs": "trap '' TERM HUP INT\nwhile :; do sleep 1; done\n",
    "orphan": "sleep 600 &\necho 'FAKE OK - and a child that keeps the pipe'\n",
    # a session of its own, forked twice, an orphan's own child, one that wiped its environment
    "leaves": "setsid sleep 66271 &\n(setsid sh -c 'sleep 66271' &)\n"
              "setsid sh -c 'sh -c \"sleep 66271\" & wait' &\nenv -i setsid sleep 66271 &\n"
              "echo 'FAKE OK - and four that stay'\n",
    # bounded, as nothing else holds root: 2^7 of them, each a session of its own
    "bomb": "b() { [ $1 -ge 7 ] && exec setsid sleep 66271; (b $(($1+1))) & (b $(($1+1))) & wait; }\nb 0\n",
    "flood": "echo 'FAKE OK - then a flood'\nhead -c 1000000000 /dev/zero | tr '\\0' x\n",
    "line": "head -c 100000000 /dev/urandom\nexit 2\n",
    "colours": "i=0\nwhile [ $i -lt 20000 ]; do printf '\\033[31m\\033[2J\\033]0;own\\007red\\n'; i=$((i+1)); done\n"
               "exit 2\n",
    "closes": "exec 1>&- 2>&-\nsleep 1\nexit 2\n",
    "lies": "echo 'FAKE CRITICAL - all is lost'\n",
    "nothing": ":\n",
    "127": "no-such-program-at-all\n",
    "126": "/etc/passwd\n",
    "killed": "kill -9 $$\n",
    "crash": "kill -11 $$\n",
    "stopped": "kill -STOP $$\n",
    # what it must not see, or is told as critical
    "environment": "env | grep -E '^(LD_|BASH_|IFS=|PS4=|ENV=|SHELLOPTS|CANARY)' && exit 2\n"
                   "[ \"$PATH\" = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ] || exit 2\n"
                   "echo 'FAKE OK - clean'\n",
    # asked of a program of the script's: a shell has descriptors of its own
    "inherited": "python3 -c 'import os\nfor f in os.listdir(\"/proc/self/fd\"):\n"
                 "  if int(f) > 2 and os.path.lexists(\"/proc/self/fd/\" + f): raise SystemExit(f)' || exit 2\n"
                 "[ \"$(umask)\" = 0077 ] || exit 2\n"
                 "grep -q '^SigIgn:\\s*0*$' /proc/$$/status || { grep SigIgn /proc/$$/status; exit 2; }\n"
                 "[ \"$PWD\" = / ] || exit 2\n"
                 "if (: </dev/tty) 2>/dev/null; then echo 'a terminal'; exit 2; fi\n"
                 "echo 'FAKE OK - clean'\n",
}


class Command(Source):
    """Asked as often as a command may be."""
    every_ms, timeout_ms, hold_s = 5000, 2000, 13.0
    settle_s = 8.0  # what ignores TERM is ended five seconds later
    env = {"LD_CANARY": "x", "BASH_ENV": "/nonexistent", "PS4": "$(id)", "CANARY": "x", "ENV": "/x"}

    def start(self):
        self.script = None
        self.most = self.left = 0

    def write(self, text):
        fresh = self.script.with_suffix(".new")
        fresh.write_text("#!/bin/sh\n" + text)
        os.chmod(fresh, 0o755)
        os.replace(fresh, self.script)  # at once: it may be just starting

    def probes(self, directory):
        self.script = pathlib.Path(directory, "check_fake")
        self.write(WELL)
        return {"script": self.probe("command", [str(self.script)])}

    def inject(self, words):
        getattr(self, "do_" + words[0])(*words[1:])

    def heal(self):
        self.write(WELL)

    @staticmethod
    def survivors():
        n = 0
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                n += b"66271" in path.read_bytes()
        return n

    def tick(self):
        self.most = max(self.most, self.survivors())

    def healed(self):
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: self.survivors() == 0, 3, "none is left")
        self.left = self.survivors()

    def figures(self):
        return {"started": self.most, "survivors": self.left}

    def do_script(self, name):
        self.write(SCRIPTS[name])

    def do_missing(self):
        self.script.unlink()

    def do_plain(self):
        os.chmod(self.script, 0o644)


FIXTURES = {"command": Command}
