#!/usr/bin/env python3
"""Run a command within bounds of time and memory, and print what it took.

    measure.py SECONDS GIGABYTES COMMAND...

The memory is that of the command and of all that it starts, at the moment when they have most together: cargo runs several
compilers at once, and the largest alone says little. Nothing but Linux's /proc tells it, and it is looked at every 0.1 s.
"""

import os
import signal
import subprocess
import sys
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(session):
    """Bytes that the processes of a session have in memory."""
    total = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                # The name of the program, in parentheses, may have blanks and parentheses in it.
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended.
        if int(fields[3]) == session:
            total += int(fields[21]) * PAGE
    return total


def main():
    seconds, gigabytes, command = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    start, peak = time.monotonic(), 0
    child = subprocess.Popen(command, start_new_session=True)
    try:
        while child.poll() is None:
            peak = max(peak, resident(child.pid))
            if time.monotonic() - start > seconds or peak > gigabytes * 1e9:
                break
            time.sleep(0.1)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    took = time.monotonic() - start
    print(f"took {took:.0f} s of at most {seconds:.0f} s, and {peak / 1e9:.2f} GB of at most {gigabytes:g} GB of memory")
    if took > seconds or peak > gigabytes * 1e9:
        sys.exit(f"measure.py: stopped {' '.join(command)}: it takes more than it may")
    sys.exit(child.returncode)


if __name__ == "__main__":
    main()
