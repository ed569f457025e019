#!/usr/bin/env python3
"""Is the driver able to fail? Each of the eight invariants is tripped by a guilty build, and by nothing
else; an innocent one passes.

    selftest.py [--build DIR] [--midwatch PATH] [--only NAME]

midwatch is built with -Dguilty=true for this; MIDWATCH_GUILTY=NAME then makes it do wrong on purpose.
"""
import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from fault import driver, rows  # noqa: E402

# The row that each guilt is tried on, the invariant that must object, and what else may follow from it.
GUILTS = {
    "": ("H1", None, set()),
    "stall": ("H1", "I1", {"I2", "I3"}),      # the loop sleeps 600 ms once, after a failed probe
    "late": ("H1", "I2", {"I5"}),             # healthy probes begin 400 ms after their slot
    "green": ("H1", "I3", {"state", "I8"}),   # a failed probe is reported as up
    "leak": ("H1", "I4", set()),              # each failed probe keeps a descriptor and 16 MiB
    "lose": ("H1", "I5", {"I2", "I3", "I8"}),  # each third slot of a failing probe leaves no trace
    "crash": ("H1", "I6", set()),             # SIGSEGV at the end, before the terminal is restored
    "secret": ("SECRET", "I7", set()),        # a secret is drawn, URL-encoded
    "sticky": ("H1", "I8", set()),            # a probe that failed once never becomes up again
}


def secret_row():
    """A row whose fixture has a secret: the one of H1 with a token in a file."""
    return rows.Row("H1.secret", "bearer", "refused", "down", "refused", "-", "-", 2, 0)


def tried(tools, name):
    """The invariants (and "state", "figure", "run") that objected to this guilt."""
    row_id, _, _ = GUILTS[name]
    row = secret_row() if row_id == "SECRET" else next(r for r in rows.load() if r.id == row_id)
    os.environ["MIDWATCH_GUILTY"] = name
    try:
        with tools:
            result = driver.run_row(tools, row)
    finally:
        del os.environ["MIDWATCH_GUILTY"]
    return {k.split()[0]: v for k, v in result.broken.items()}, result


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--build", default=os.environ.get("MIDWATCH_BUILD", str(driver.ROOT / "build")))
    ap.add_argument("--midwatch")
    ap.add_argument("--only", action="append", default=[])
    a = ap.parse_args()
    argv = ["--build", a.build, "--seed", "1"] + (["--midwatch", a.midwatch] if a.midwatch else [])
    tools = driver.Tools(driver.options(argv))
    os.environ.setdefault("MIDWATCH_BUILD", a.build)
    if not os.access(tools.midwatch, os.X_OK):
        print(f"skipped: {tools.midwatch} is not built")
        return 1 if os.environ.get("MIDWATCH_NO_SKIP") == "1" else 77
    failed = 0
    for name, (_, wanted, allowed) in GUILTS.items():
        if a.only and name not in a.only:
            continue
        broken, _ = tried(tools, name)
        extra = set(broken) - {wanted} - allowed
        good = (wanted is None or wanted in broken) and not extra
        failed += not good
        print(f"{'passed' if good else 'FAILED':8}{name or 'innocent':10} "
              f"{wanted or 'nothing'} must object; objected: {sorted(broken) or 'none'}", flush=True)
        for k, sentences in broken.items():
            if not good or k == wanted:
                print(f"        {k}: {sentences[0]}")
    print(f"{len(a.only or GUILTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
