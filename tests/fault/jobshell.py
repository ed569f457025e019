#!/usr/bin/env python3
"""The part of a shell that stopping needs: runs a program in a process group of its own in the
foreground of the terminal; when it stops, takes the terminal back, notes how it was left, and lets it
continue.

    jobshell.py LOG PROGRAM ARG...

LOG gets a line of JSON for each stop. Exit: as the program.
"""
import json
import os
import signal
import sys
import termios


def main():
    log, *argv = sys.argv[1:]
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(argv[0], argv)
    try:
        os.setpgid(pid, pid)
    except PermissionError:
        pass  # the child was faster
    pidfile = log + ".pid"
    with open(pidfile + ".new", "w") as f:
        f.write(str(pid))
    os.rename(pidfile + ".new", pidfile)
    ours = termios.tcgetattr(0)
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        os.tcsetpgrp(0, os.getpgrp())
        left = termios.tcgetattr(0)
        with open(log, "a") as f:
            f.write(json.dumps({"icanon": bool(left[3] & termios.ICANON),
                                "echo": bool(left[3] & termios.ECHO)}) + "\n")
        termios.tcsetattr(0, termios.TCSADRAIN, ours)
        os.tcsetpgrp(0, pid)
        os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    code = main()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
