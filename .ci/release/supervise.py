"""
Run one command for as long as the process that started this one lives.

``python -m release.supervise COMMAND…`` ends the command when its own standard
input closes, which the kernel does for us even when the parent is killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

GRACE = 5  # seconds between asking and killing


def main(command: list[str]) -> int:
    """Start ``command``, wait for it or for the end of standard input."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def stop_with_parent() -> None:
        while os.read(0, 1024):
            pass
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()

    threading.Thread(target=stop_with_parent, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
