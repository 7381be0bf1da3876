"""Advisory file locks between the processes of one machine.

The kernel lets a lock go when its holder closes the file or dies, however it dies: no lock is ever stale.
"""

import fcntl
import os
from pathlib import Path
from typing import IO


def lock(path: Path, *, shared: bool = False) -> IO[bytes]:
    """Wait for the lock on `path`; closing the file that is returned lets it go."""
    file = _open(path)
    fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    return file


def try_lock(path: Path) -> IO[bytes] | None:
    """Take the exclusive lock on `path` if nobody holds it in any way; None where somebody does."""
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _open(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
