#!/usr/bin/env python3
"""What the README shows works: its configuration is the example's and passes `check`, its commands and
keys exist."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()
MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])


def blocks(language):
    return re.findall(r"^```" + language + r"\n(.*?)^```", README, re.M | re.S)


def run(*args):
    return subprocess.run([MIDWATCH, *args], capture_output=True, text=True, timeout=30)


def first_cells(heading):
    """What is named in the first column of the table under a heading."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return {word for cell in re.findall(r"^\| (.*?) \|", section, re.M) for word in re.findall(r"`([^`]+)`", cell)}


class Readme(unittest.TestCase):
    def test_configurations_pass_the_check(self):
        found = blocks("yaml")
        self.assertTrue(found)
        for text in found:
            with tempfile.TemporaryDirectory() as d:
                path = pathlib.Path(d) / "midwatch.yaml"
                path.write_text(text)
                done = run("check", str(path))
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(found[0], (ROOT / "examples/first.yaml").read_text())

    def test_commands_exist(self):
        words = set()
        for text in blocks("sh"):
            for line in text.splitlines():
                parts = line.split("#")[0].split()
                if parts and parts[0] == "midwatch":
                    words.update(p for p in parts[1:2] if re.fullmatch("[a-z]+", p))
                elif parts:
                    self.assertTrue(os.access(ROOT / parts[0], os.X_OK), parts[0])
        self.assertTrue(words >= {"init", "check", "status"})
        for word in words:
            self.assertEqual(run(word, "--help").returncode, 0, word)

    def test_keys_are_those_of_the_tables(self):
        tables = "".join(p.read_text() for p in (ROOT / "tui").glob("*.c"))
        keys = set(re.findall(r'\{ "([^"]+)", CMD_', tables))
        named = first_cells("Keys")
        self.assertGreater(len(named), 10)
        self.assertLessEqual(named, keys)

    def test_kinds_are_those_that_there_are(self):
        sources = "".join(p.read_text() for p in (ROOT / "probes").glob("*.c"))
        self.assertEqual(first_cells("What it can ask"), set(re.findall(r'\.kind = "([^"]+)"', sources)))

    def test_no_address_outside_loopback_is_live(self):
        for host in re.findall(r"https?://([^/\s`\"']+)", README):
            self.assertRegex(host, r"^(127\.0\.0\.1(:\d+)?|HOST)$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
