"""Run a module that ends when its parent does: `python -m infra.local.parent_watchdog MODULE ARGS`.

A parent that is killed cannot stop what it started, and would leave the ports taken. It holds the
other end of our stdin, and the kernel closes that end whichever way the parent goes.
"""

import os
import runpy
import signal
import sys
import threading

STDIN = 0


def main() -> None:
    """Run the module that the command line names, in this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
