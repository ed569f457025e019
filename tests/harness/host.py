"""What the machine under a test did meanwhile: a virtual one may be taken away for a while.

Bounds of real time say nothing of a time in which there was no processor. Whoever judges such a bound
asks how much was taken, and runs again what failed then: what is wrong by itself fails again.
"""
import os

TAKEN_MS = 40  # less than this moves no bound


def taken_ms():
    """Steal of /proc/stat so far, over all processors; 0 where there is no such thing."""
    try:
        with open("/proc/stat") as f:
            fields = f.readline().split()
    except OSError:
        return 0
    return int(fields[8]) * 1000 // os.sysconf("SC_CLK_TCK") if len(fields) > 8 else 0
