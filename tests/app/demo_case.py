"""The demo in a real terminal over real servers, for the tests beside this file."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "harness"), str(TESTS / "sim")]
import abreast  # noqa: E402, F401  (tests/harness/abreast.py)
from pty import Screen  # noqa: E402  (tests/harness/pty.py)
from simulator import tree  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])


def place_of(pids):
    """The directory in which the servers among them work."""
    for pid in pids:
        try:
            found = re.match(r".*/midwatch-sim-\w+", os.readlink(f"/proc/{pid}/cwd"))
        except OSError:  # initdb's helpers come and go
            continue
        if found:
            return found.group(0)
    return None


class DemoCase(unittest.TestCase):
    def demo(self, *args, env=None):
        return Screen([MIDWATCH, "demo", *args], cols=120, rows=36, env=env)

    def live(self, s):
        s.wait_for("DEMO", seconds=10)
        s.wait_for(r"/^ *(UP|HEALTHY) /", seconds=20)

    def fault(self, s, name):
        s.type(":fault " + name)
        s.key("Enter")

    def fault_done(self, s, name, on=True):
        """Injects it and waits until it is there: what is asked next must meet it."""
        self.fault(s, name)
        s.wait_for(f"fault {name}: {'on' if on else 'off'}", seconds=20)

    def leave(self, s):
        s.key("q")
        end = s.wait_exit(seconds=10)
        self.assertEqual((end["status"], end["signal"]), (0, None), s.text())

    def command(self, s, words):
        s.type(":" + words)
        s.key("Enter")

    def tool(self, s, *argv):
        """One of the demo's own stubs, as an operator would run it."""
        place = place_of(tree(s.pid))
        done = subprocess.run([f"{place}/bin/{argv[0]}", *argv[1:]], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
