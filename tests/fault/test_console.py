#!/usr/bin/env python3
"""What is told of a program that does not answer."""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from fault import console  # noqa: E402


class ConsoleTest(unittest.TestCase):
    def hang(self, script):
        with console.Console("none", "", argv=["sh", "-c", script]) as c:
            c.screen.wait_for("ready")
            c.look = lambda: None  # it writes no debug file
            while not c.key_ms:
                c.observe(0.3, keys=True)
            end, _ = c.quit(seconds=0.1)
            return c, c.screen.pid, end

    def test_where_a_program_stands_that_does_not_answer(self):
        c, pid, end = self.hang("trap '' INT; stty raw -echo; printf ready; read never; sleep 30")
        self.assertEqual(c.key_ms, [None])
        self.assertIsNone(end)
        self.assertEqual(c.stood[0], "a key had no answer")  # the first time, and once
        self.assertRegex(c.stood[1], rf"^{pid}: S \(sleeping\), in \w+, system call \d+$")

    def test_nothing_is_told_of_one_that_answers(self):
        c, _, _ = self.hang("printf ready; cat")
        self.assertNotIn(None, c.key_ms)


if __name__ == "__main__":
    unittest.main(verbosity=2)
