#!/usr/bin/env python3
"""The terminal in memory shows what a terminal shows, and tells how a program left it."""
import os
import pathlib
import signal
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.pty import NotSeen, PtyError, Screen, Style, foreign  # noqa: E402


def sh(script, **more):
    return Screen(["sh", "-c", script], cols=40, rows=6, **more)


class PtyTest(unittest.TestCase):
    def test_text_colours_and_wide_characters_are_where_they_were_drawn(self):
        with sh(r"printf 'plain \033[1;31mred\033[0m \033[7;48;5;240mrev\033[0m \344\270\255x'; cat") as s:
            s.wait_for("x")
            self.assertEqual(s.row(0), "plain red rev \u4e2dx")
            self.assertEqual(s.style_at(0, 6), Style("1", "", "b"))
            self.assertEqual(s.style_at(0, 10), Style("", "240", "r"))
            self.assertEqual(s.style_at(0, 0), Style())
            self.assertEqual(s.cells()[0][14:17], ["\u4e2d", "", "x"])

    def test_characters_cut_by_two_writes_stay_whole(self):
        with sh(r"printf 'a\303'; sleep 0.02; printf '\251\342'; sleep 0.02; printf '\224'; "
                r"sleep 0.02; printf '\200end'; cat") as s:
            s.wait_for("aé─end")

    def test_keys_reach_the_program_by_name_and_as_text(self):
        with sh("stty raw -echo; printf ready; dd bs=1 count=9 2>/dev/null | od -An -tx1") as s:
            s.wait_for("ready")
            s.key("Up", "C-c", "q", "Enter")
            s.raw(b"\x00")
            s.type("ab")
            s.wait_for("1b 5b 41 03 71 0d 00 61 62")

    def test_what_does_not_come_is_told_with_the_screen(self):
        with sh("printf here; cat") as s:
            s.wait_for("/^he.e/")
            with self.assertRaises(NotSeen) as caught:
                s.wait_for("elsewhere", seconds=0.05)
            self.assertIn("|here|", str(caught.exception))
            with self.assertRaises(PtyError):
                s.wait_for("/(/", seconds=0.05)

    def test_resize_is_seen_by_the_program(self):
        with sh("trap 'stty size' WINCH; printf ready; while :; do read x; done") as s:
            s.wait_for("ready")
            s.resize(50, 9)
            s.wait_for("9 50")

    def test_end_is_told_by_status_or_signal(self):
        with sh("exit 7") as s:
            self.assertEqual(s.wait_exit()["status"], 7)
        with sh("printf up; cat") as s:
            s.wait_for("up")
            self.assertIsNone(s.exited())
            s.signal("SEGV")
            self.assertEqual(s.wait_exit()["signal"], "SEGV")
            with self.assertRaises(PtyError):
                s.signal("TERM")

    def test_a_terminal_left_raw_or_alternate_is_noticed(self):
        with sh(r"stty raw -echo; printf '\033[?1049h'; read x; stty sane; "
                r"printf '\033[?1049l'; exit") as s:
            s.shows("x", 0.02)
            s.settle(0.05)
            left = s.stty()
            self.assertTrue(left["alternate"])
            self.assertFalse(left["icanon"] or left["echo"] or left["as_at_start"])
            s.raw(b"\n")
            s.wait_exit()
            self.assertFalse(s.stty()["alternate"])
        with sh("stty raw; exit") as s:
            s.wait_exit()
            self.assertFalse(s.stty()["as_at_start"])
        with sh("exit") as s:
            s.wait_exit()
            self.assertTrue(s.stty()["as_at_start"])

    def test_a_blocked_terminal_blocks_the_writer_and_lets_it_go_on(self):
        with sh("printf ready; read x; i=0; while [ $i -lt 9000 ]; do echo 0123456789$i; "
                "i=$((i+1)); done; printf the-end; cat") as s:
            s.wait_for("ready")
            s.stop_reading()
            before = s.bytes()["bytes"]
            s.raw(b"\n")
            self.assertFalse(s.shows("the-end", 0.2))
            self.assertEqual(s.bytes()["bytes"], before)
            self.assertIsNone(s.exited())
            s.resume_reading()
            s.wait_for("the-end", seconds=10)
            self.assertGreater(s.bytes()["bytes"], 100000)

    def test_a_slow_line_is_slow(self):
        with sh("printf ready; read x; printf %0500d 0; printf the-end; cat") as s:
            s.wait_for("ready")
            s.settle(0.02)
            s.rate(1000)
            before = s.bytes()
            s.raw(b"\n")
            s.wait_for("the-end", seconds=5)
            self.assertGreater(s.bytes()["now_ms"] - before["now_ms"], 300)

    def test_hangup_ends_a_program_that_listens_to_it(self):
        with sh("printf ready; cat; sleep 30") as s:
            s.wait_for("ready")
            s.hangup()
            self.assertEqual(s.wait_exit()["signal"], "HUP")
            with self.assertRaises(PtyError):
                s.stty()

    def test_what_we_ignore_ends_the_program_all_the_same(self):
        before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGHUP, signal.SIGINT)}
        try:
            for end, name in ((lambda s: s.key("C-c"), "INT"), (lambda s: s.hangup(), "HUP")):
                # no shell: dash catches the interrupt and may lose it while it starts a program
                with Screen(["tr", "a", "b"], cols=40, rows=6) as s:
                    s.type("a")
                    s.key("Enter")
                    s.wait_for("b")
                    end(s)
                    self.assertEqual(s.wait_exit()["signal"], name)
        finally:
            for n, handler in before.items():
                signal.signal(n, handler)

    def test_a_second_program_finds_the_terminal_of_the_first(self):
        with sh(r"stty -echo; printf 'n%s' $$; kill -9 $$") as s:
            self.assertEqual(s.wait_exit()["signal"], "KILL")
            first = s.text()
            s.again()
            s.wait_exit()
            self.assertNotEqual(s.text(), first)
            self.assertFalse(s.stty()["echo"])

    def test_latency_is_that_of_the_answer_to_the_key(self):
        with sh("stty raw -echo; printf ready; while c=$(dd bs=1 count=1 2>/dev/null); do "
                "sleep 0.05; printf $c; done") as s:
            s.wait_for("ready")
            self.assertGreater(s.latency_ms("j"), 45)
        with sh("stty raw -echo; printf ready; sleep 30") as s:
            s.wait_for("ready")
            self.assertIsNone(s.latency_ms("j", seconds=0.05))

    def test_environment_and_first_frame_are_recorded(self):
        with tempfile.TemporaryDirectory() as d:
            log = os.path.join(d, "raw")
            with sh("printf \"$TERM/${NO_COLOR-unset}/$X\"; cat", env={"X": "y z"}, ready="y z",
                    raw_log=log) as s:
                s.wait_for("xterm-256color/unset/y z")
                b = s.bytes()
                self.assertLessEqual(b["first_ms"], b["ready_ms"])
            self.assertIn(b"/y z", pathlib.Path(log).read_bytes())

    def test_foreign_bytes_are_found_and_the_program_s_own_are_not(self):
        for clean in ("\x1b[?1049h\x1b[22;0;0t\x1b[?25l\x1b[?2004h\x1b(B\x1b[m\x1b[H\x1b[2J\x1b[12;80H"
                      "\x1b[1m\x1b[38;5;9mh\u00e9\x1b[39;49m\r\n\x0f\x1b\\\x1b[?12l\x1b[?25h",
                      "\x1b7\x1b[?47h\x1b[H\x1b[Jx\x1b[2J\x1b[?47l\x1b8", "\x1b[?1c\x1b[34h"):
            self.assertEqual(foreign(clean.encode()), [])
        for bad in (b"\x1b]0;title\x07", b"\x1b]52;c;aGk=\x1b\\", b"\x1bP1$r\x1b\\", b"\x9b31m",
                    "\u009b31m".encode(), "\u202eabc".encode(), b"\x1b[31;1y", b"\x1b\x1b", b"\x00",
                    b"\xc0\xaf", "\U000e0041".encode(), b"\x1b_apc\x1b\\",
                    # what a terminal answers to, or obeys, and ncurses may send
                    b"\x1b[21t", b"\x1b[8;1;1t", b"\x1b[6n", b"\x1b[c", b"\x1b[>c", b"\x1bc", b"\x1b7",
                    b"\x1b8", b"\x1bM", b"\x1bD", b"\x1b[2;5r", b"\x1b[3S", b"\x1b[3L", b"\x1b[9A",
                    b"\x1b[3J", b"\x1b[K", b"\x1b[9b", b"\x1b[?1000h", b"\x1b[4h", b"\x1b(0",
                    b"\x1b[!p", b"\x07", b"\x08", b"\t", b"\x0e"):
            self.assertTrue(foreign(b"a" + bad + b"b"), bad)
        self.assertEqual(foreign(b"\x1b]52;c;aGk=\x07", osc=(52,)), [])


if __name__ == "__main__":
    unittest.main()
