#!/usr/bin/env python3
"""What another program reads in exposition pages: the expected counts of tests/probes/test_exposition.

    count_exposition.py FILE... > exposition_counts.tsv

Reads each sample line with prometheus_client (Debian: python3-prometheus-client; 0.16 was used); not its
whole-page parser, which gives up on a page that has a word too many in a TYPE line. Columns: file, samples, distinct series names, samples with a timestamp, samples that are NaN, lines that are no
sample, and the sum of all finite values.
"""
import math
import os
import sys

from prometheus_client.parser import _parse_sample


def main():
    print("# file\tsamples\tnames\ttimestamps\tnan\tbad\tsum (prometheus_client 0.16)")
    for path in sys.argv[1:]:
        samples, names, stamps, nan, bad, total = 0, set(), 0, 0, 0, 0.0
        with open(path, encoding="utf-8") as f:
            for line in f:
                line = line.strip()
                if not line or line.startswith("#"):
                    continue
                try:
                    s = _parse_sample(line)
                except ValueError:
                    bad += 1
                    continue
                samples += 1
                names.add(s.name)
                stamps += s.timestamp is not None
                nan += math.isnan(s.value)
                total += s.value if math.isfinite(s.value) else 0
        print(f"{os.path.basename(path)}\t{samples}\t{len(names)}\t{stamps}\t{nan}\t{bad}\t{total!r}")


if __name__ == "__main__":
    main()
