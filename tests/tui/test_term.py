#!/usr/bin/env python3
"""The terminal is given back as it was, never blocks, and gets only the bytes that it needs."""
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.pty import Screen, foreign  # noqa: E402

TOOL = os.environ["MIDWATCH_TERMTOOL"]


def tool(cols=120, rows=36, **more):
    return Screen([TOOL], cols=cols, rows=rows, **more)


def until(condition, seconds=3.0):
    """Waits for a condition of the terminal that no byte announces."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("not within %s s" % seconds)


def state(s):
    return pathlib.Path(f"/proc/{s.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


class TermTest(unittest.TestCase):
    def test_frame_arrives_with_wide_characters_and_colours(self):
        with tool() as s:
            s.wait_for("termtool 120x36 ─ 漢字 turn 0")
            self.assertEqual(s.row(2).split(), ["service-0", "20.0", "ms"])
            self.assertEqual(s.style_at(2, 33).fg, "203")

    def test_terminal_is_given_back_as_it_was(self):
        with tool() as s:
            s.wait_for("turn 0")
            self.assertTrue(s.stty()["alternate"])
            self.assertFalse(s.stty()["as_at_start"])
            s.key("q")
            s.wait_exit()
            s.wait_for("closed")
            self.assertFalse(s.stty()["alternate"])
            self.assertTrue(s.stty()["as_at_start"])

    def test_fatal_signal_gives_the_terminal_back(self):
        with tool() as s:
            s.wait_for("turn 0")
            s.key("!")
            self.assertEqual(s.wait_exit()["signal"], "SEGV")
            self.assertFalse(s.stty()["alternate"])
            self.assertTrue(s.stty()["as_at_start"])

    def test_terminal_found_broken_is_left_sane(self):
        with tool() as s:
            s.wait_for("turn 0")
            s.signal("KILL")
            s.wait_exit()
            self.assertFalse(s.stty()["as_at_start"])
            s.again()
            s.wait_for("turn 0")
            s.key("q")
            s.wait_exit()
            modes = s.stty()
            self.assertTrue(modes["icanon"] and modes["echo"] and modes["isig"] and modes["opost"])

    def test_suspend_and_resume_give_the_same_frame(self):
        with tool() as s:
            s.wait_for("turn 0")
            before = s.text()
            for _ in range(5):
                s.raw(b"\x1a")
                until(lambda: state(s) == "T" and s.stty()["as_at_start"] and not s.stty()["alternate"])
                s.signal("CONT")
                s.wait_for("turn 0")
                s.settle()
                self.assertEqual(s.text(), before)

    def test_unread_terminal_drops_frames_and_shows_the_newest(self):
        with tool() as s:
            s.wait_for("turn 0")
            s.stop_reading()
            s.key("r")
            s.key("u")
            s.resume_reading()
            s.wait_for("turn 61", seconds=10)
            s.key("i")
            s.wait_for("/dropped [1-9]/")

    def test_unread_terminal_does_not_hold_up_the_end(self):
        with tool(cols=200, rows=60) as s:
            s.wait_for("turn 0")
            s.stop_reading()
            s.key("r")
            s.key("q")
            self.assertEqual(s.wait_exit(2.0)["status"], 0)

    def test_nothing_changed_costs_nothing(self):
        """The frame behind tells that the others have been drawn."""
        sent = []
        for same in ((), ("n", "n", "n")):
            with tool(cols=200, rows=60) as s:
                s.wait_for("turn 0")
                s.settle()
                s.key(*same, "u")
                s.wait_for("turn 1")
                s.settle()
                sent.append(s.bytes()["bytes"])
        self.assertEqual(sent[0], sent[1])

    def test_twenty_numbers_cost_a_few_hundred_bytes(self):
        with tool(cols=200, rows=60) as s:
            s.wait_for("turn 0")
            s.key("u")
            s.wait_for("turn 1")
            s.settle()
            before = s.bytes()["bytes"]
            s.key("u")
            s.wait_for("turn 2")
            s.settle()
            self.assertLessEqual(s.bytes()["bytes"] - before, 600)

    def test_only_drawing_reaches_the_terminal(self):
        with tempfile.TemporaryDirectory() as at:
            log = pathlib.Path(at) / "raw"
            with tool(raw_log=log) as s:
                s.wait_for("turn 0")
                s.key("f", "y", "u")
                s.wait_for("turn 1")
                s.key("q")
                s.wait_exit()
            raw = log.read_bytes()
            self.assertEqual(foreign(raw, osc=(52,)), [])
            self.assertIn(b"\x1b]52;c;Y29waWVk\x07", raw)

    def test_resize_storm_ends_in_the_frame_of_a_fresh_start(self):
        with tool() as s:
            s.wait_for("turn 0")
            for i in range(60):
                s.resize(1 + (i * 37) % 300, 1 + (i * 13) % 100)
            s.resize(90, 30)
            s.wait_for("termtool 90x30")
            s.settle()
            with tool(cols=90, rows=30) as fresh:
                fresh.wait_for("termtool 90x30")
                fresh.settle()
                self.assertEqual(s.text(), fresh.text())

    def test_terminals_without_a_cursor_are_refused_by_name(self):
        for term, words in (("dumb", "cannot place its cursor"), ("vt52", "does not speak ANSI"),
                            ("no-such-type", "is not known here"), ("", "TERM is not set")):
            with tool(term=term) as s:
                self.assertEqual(s.wait_exit()["status"], 1)
                s.wait_for(words)
                self.assertTrue(s.stty()["as_at_start"])

    def test_old_terminals_and_few_colours_draw(self):
        for term, colours in (("vt100", 0), ("linux", 8), ("xterm-mono", 0), ("tmux-256color", 256)):
            with tool(term=term) as s:
                s.wait_for("turn 0")
                s.key("i")
                s.wait_for(f"colours {colours}")
                s.key("q")
                s.wait_exit()
                self.assertTrue(s.stty()["as_at_start"])

    def test_locale_without_utf8_gets_ascii(self):
        with tool(env={"LC_ALL": "C"}) as s:
            s.wait_for("termtool 120x36 - ?? turn 0")

    def test_hang_up_ends_it(self):
        with tool() as s:
            s.wait_for("turn 0")
            s.hangup()
            s.wait_exit(2.0)


if __name__ == "__main__":
    unittest.main()
