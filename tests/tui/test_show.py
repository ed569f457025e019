#!/usr/bin/env python3
"""What the canvas holds is what a terminal shows: real screens in a pty, in every kind of terminal,
against the cells of tests/screens/."""
import os
import pathlib
import re
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness.pty import Screen, foreign  # noqa: E402

SHOW = os.environ["MIDWATCH_SHOWBOARD"]


def board(name):
    return str(HERE / "boards" / f"{name}.json")


def expected(name):
    text = (HERE.parent / "screens" / f"{name}.txt").read_text()
    height = (len(text.split("\n")) - 2) // 2  # text, an empty line, styles
    return text.split("\n")[:height]


def still(lines):
    """The clock goes on while the test looks: digits and the ages that they stand for are equal."""
    return [re.sub(r"(?:\d+[dhms])+|\d", "9", line).replace(" ", "") for line in lines]


def show(name, cols=120, rows=36, theme="dark", **more):
    return Screen([SHOW, board(name), theme], cols=cols, rows=rows, **more)


class ShowTest(unittest.TestCase):
    maxDiff = None

    def has_read(self, s):
        """All that was sent so far: a key behind it has its effect, and takes it back."""
        s.key("?")
        s.wait_for("Everywhere")
        s.key("Esc")
        s.wait_gone("Everywhere")

    def sees(self, s, name):
        s.settle(0.08)
        self.assertEqual(still(s.lines()), still(expected(name)))

    def test_terminal_shows_the_cells(self):
        for name, cols, rows in (("120x36", 120, 36), ("80x24", 80, 24), ("40x12", 40, 12),
                                 ("200x60", 200, 60)):
            with show("broken", cols, rows) as s:
                s.wait_for("postgres")
                self.sees(s, f"overview-broken-{name}")

    def test_every_terminal_type_shows_them(self):
        for term in ("xterm", "tmux-256color", "linux", "vt100", "xterm-mono"):
            with show("broken", 80, 24, term=term) as s:
                s.wait_for("postgres")
                self.sees(s, "overview-broken-80x24")
                s.key("q")
                self.assertEqual(s.wait_exit()["status"], 0)
                self.assertTrue(s.stty()["as_at_start"])

    def test_locale_without_utf8_gets_ascii(self):
        with show("broken", 80, 24, env={"LC_ALL": "C"}) as s:
            s.wait_for("postgres")
            s.settle()
            self.assertTrue(all(line.isascii() for line in s.lines()))
            # names with other letters are '?' already where they come in
            want = [line.replace(">", "?") for line in still(expected("overview-broken-ascii-80x24"))]
            got = [line.replace(">", "?") for line in still(s.lines())]
            self.assertEqual(got, want)

    def test_no_color_has_attributes_only(self):
        with show("broken", theme="", env={"NO_COLOR": "1"}) as s:
            s.wait_for("postgres")
            s.settle()
            for row in s.dump()["styles"]:
                for _, _, fg, bg, _ in row:
                    self.assertEqual((fg, bg), ("", ""))

    def test_keys_lead_through_the_screens_and_back(self):
        with show("broken", 80, 24) as s:
            s.wait_for("postgres")
            s.key("Down", "Enter")
            s.wait_for("Service api")
            s.key("Esc")
            s.wait_gone("Service api")  # a key right behind Esc would be one with Alt
            s.wait_for("Signals")
            s.key("2")
            s.wait_for(" reason ")
            s.key("?")
            s.wait_for("Everywhere")
            s.key("Esc", "Esc")
            s.wait_for("Signals")
            s.key("z")
            s.wait_for("FROZEN")
            s.key("z")
            s.wait_gone("FROZEN")
            s.key("q")
            self.assertEqual(s.wait_exit()["status"], 0)

    def test_themes_change_at_work(self):
        with show("broken", 80, 24) as s:
            s.wait_for("postgres")
            y, x = s.find("down")
            dark = s.style_at(y, x)
            s.key(":")
            s.type("theme light")
            s.key("Enter")
            s.wait_gone(":theme")
            s.settle()
            self.assertNotEqual(s.style_at(y, x), dark)

    def test_resize_gives_the_frame_of_a_fresh_start(self):
        with show("broken", 120, 36) as s:
            s.wait_for("postgres")
            for cols, rows in ((1, 1), (2, 3), (19, 79), (300, 100), (40, 12)):
                s.resize(cols, rows)
                s.settle()
            self.sees(s, "overview-broken-40x12")

    def test_pasted_text_on_the_board_does_nothing(self):
        with show("broken", 80, 24) as s:
            s.wait_for("postgres")
            s.paste("q:quit 2 z ? " * 200)
            self.has_read(s)
            self.sees(s, "overview-broken-80x24")
            self.assertIsNone(s.exited())

    def test_replies_of_the_terminal_do_nothing(self):
        with show("broken", 80, 24) as s:
            s.wait_for("postgres")
            s.raw(b"\x1b[?62;22c\x1b[24;80R\x1b]0;qqq\x07\x1bP1$rq\x1b\\\x1b[I\x1b[O"
                  b"\x1b[<0;3;3M\x1b[Mqqq\x1b[" + b"1;" * 2000 + b"q")
            self.has_read(s)
            self.sees(s, "overview-broken-80x24")
            self.assertIsNone(s.exited())

    def test_only_drawing_reaches_the_terminal(self):
        with tempfile.TemporaryDirectory() as at:
            log = pathlib.Path(at) / "raw"
            with show("broken", raw_log=log) as s:
                s.wait_for("postgres")
                s.key("Enter", "j", "Left", "2", "?", "q", "z", "y")
                s.settle()
                s.key("q")
                s.wait_exit()
            self.assertEqual(foreign(log.read_bytes(), osc=(52,)), [])

    def test_a_quiet_screen_is_cheap(self):
        """W4: the clock and the ages of a board that stands still, 200x60."""
        with show("broken", 200, 60) as s:
            s.wait_for("postgres")
            s.settle()
            before = s.bytes()["bytes"]
            s.wait_for("02:13:49Z", seconds=6)
            s.settle()
            self.assertLessEqual(s.bytes()["bytes"] - before, 2 * 600)


if __name__ == "__main__":
    unittest.main()
