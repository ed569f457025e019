#!/usr/bin/env python3
"""Counts what `meson test` ran, case by case: reads its JSON logs and prints `PASSED FAILED SKIPPED`, then
a line for each test that failed or was skipped and for each seed.

    tally.py LOG.json...

A test that tells its cases (cmocka, unittest, the project's own lines) counts for as many; any other
for one. A test that fails without telling a failed case counts as one failure. With --self-test it checks
itself.
"""
import json
import re
import sys

CMOCKA = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)", re.M)
UNITTEST = re.compile(r"^Ran (\d+) tests? in [\d.]+s\n\n(?:OK|FAILED)(?: \(([^)]*)\))?", re.M)
OWN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
SEED = re.compile(r"^.*\bseed\b[ =:]+\d+.*$", re.M | re.I)


def told(text):
    """(passed, failed, skipped) that the output of a test tells, or None."""
    own = OWN.findall(text)
    if own:
        return tuple(sum(int(o[i] or 0) for o in own) for i in range(3))
    runs = UNITTEST.findall(text)
    if runs:
        passed = failed = skipped = 0
        for ran, words in runs:
            n = dict(re.findall(r"([a-z ]+)=(\d+)", words))
            n = {k.strip(): int(v) for k, v in n.items()}
            bad = n.get("failures", 0) + n.get("errors", 0) + n.get("unexpected successes", 0)
            passed += max(0, int(ran) - bad - n.get("skipped", 0))
            failed += bad
            skipped += n.get("skipped", 0)
        return passed, failed, skipped
    groups = CMOCKA.findall(text)
    if groups:
        return tuple(sum(int(n) for word, n in groups if word == w)
                     for w in ("PASSED", "FAILED", "SKIPPED"))
    return None


def count(entry):
    """(passed, failed, skipped) of one entry of meson's log."""
    text = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    cases = told(text)
    result = entry["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        passed, failed, skipped = cases or (1, 0, 0)
        return (passed, 0, skipped) if passed or skipped else (1, 0, 0)
    if result == "SKIP":
        return (0, 0, max(1, cases[2])) if cases else (0, 0, 1)
    passed, failed, skipped = cases or (0, 0, 0)
    return passed, max(1, failed), skipped


def entries(paths):
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as f:
            yield from (json.loads(line) for line in f if line.strip())


def main(paths):
    totals, lines, seeds = [0, 0, 0], [], []
    for entry in entries(paths):
        counted = count(entry)
        totals = [a + b for a, b in zip(totals, counted)]
        name = entry["name"].split(" / ")[-1]
        if counted[1]:
            lines.append(f"failed: {name} ({entry['result'].lower()}, {counted[1]})")
        elif counted[2]:
            lines.append(f"skipped in {name}: {counted[2]}")
        text = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
        seeds += [f"{name}: {line.strip()}" for line in SEED.findall(text)[:3]]
    print(*totals)
    print("\n".join(seeds + lines))


def self_test():
    def entry(result, out="", err=""):
        return {"name": "x", "result": result, "stdout": out, "stderr": err}

    cmocka = "[  PASSED  ] 3 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n"
    cases = [
        (entry("OK"), (1, 0, 0)),
        (entry("FAIL"), (0, 1, 0)),
        (entry("TIMEOUT", err="[  PASSED  ] 3 test(s).\n"), (3, 1, 0)),
        (entry("SKIP"), (0, 0, 1)),
        (entry("OK", err=cmocka), (3, 0, 1)),
        (entry("OK", err="[  PASSED  ] 3 test(s).\n[  PASSED  ] 2 test(s).\n"), (5, 0, 0)),
        (entry("FAIL", err="[  PASSED  ] 2 test(s).\n[  FAILED  ] 2 test(s), listed below:\n"),
         (2, 2, 0)),
        (entry("OK", err="Ran 7 tests in 0.1s\n\nOK\n"), (7, 0, 0)),
        (entry("OK", err="Ran 7 tests in 0.1s\n\nOK (skipped=2)\n"), (5, 0, 2)),
        (entry("FAIL", err="Ran 7 tests in 1.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"),
         (3, 3, 1)),
        (entry("OK", "40 passed, 0 failed, 2 skipped\n"), (40, 0, 2)),
        (entry("FAIL", "39 passed, 1 failed\n"), (39, 1, 0)),
        (entry("ERROR", "40 passed, 0 failed\n"), (40, 1, 0)),  # a leak found at the end
    ]
    for given, expected in cases:
        assert count(given) == expected, (given, count(given), expected)
    assert SEED.findall("SEED=17\nno seeds here\nseed 5 of today") == ["SEED=17", "seed 5 of today"]
    print(f"{len(cases) + 1} passed, 0 failed")


if __name__ == "__main__":
    self_test() if sys.argv[1:] == ["--self-test"] else main(sys.argv[1:])
