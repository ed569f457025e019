"""Runs the cases of a test file side by side, each in a process of its own, for files whose cases mostly
wait. Says at the end what unittest would have said of all. Named cases run as ever.
"""
import concurrent.futures
import re
import subprocess
import sys
import time
import unittest

AT_ONCE = 6


def ids(suite):
    for t in suite:
        yield from ids(t) if isinstance(t, unittest.TestSuite) else [t.id().removeprefix("__main__.")]


def run(case):
    done = subprocess.run([sys.executable, sys.argv[0], case], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    words = re.findall(r"^(?:OK|FAILED)(?: \(([^)]*)\))?$", done.stdout, re.M)
    skipped = done.returncode == 0 and words and "skipped" in words[-1]
    return done.stdout, "skipped" if skipped else "failures" if done.returncode else ""


def main():
    if len(sys.argv) > 1:
        unittest.main(verbosity=2)
    began = time.monotonic()
    names = list(ids(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run, names))
    ends = [end for _, end in results if end]
    for output, _ in results:
        # a case's own count is none of the whole
        print(re.sub(r"^Ran 1 test in", "ran 1 test in", output, flags=re.M), file=sys.stderr)
    counts = ", ".join(f"{word}={ends.count(word)}" for word in ("failures", "skipped") if word in ends)
    print(f"Ran {len(names)} tests in {time.monotonic() - began:.3f}s\n\n"
          f"{'FAILED' if 'failures' in ends else 'OK'}{f' ({counts})' if counts else ''}",
          file=sys.stderr)
    sys.exit("failures" in ends)
