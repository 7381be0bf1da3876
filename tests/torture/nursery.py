"""Workers that start in no time: a process that has imported everything, and forks one for each line it reads.

A worker of it is `python -m admin worker` in all but the wait for the libraries, and dies of SIGKILL like any other.
"""

import json
import os
import sys
from contextlib import suppress


def main() -> None:
    """For each line on stdin, which is its environment in JSON, start a worker and print its process id."""
    import sentence_transformers
    import torch  # noqa: F401

    from admin import commands

    assert sentence_transformers.SentenceTransformer  # lazily imported
    print("ready", flush=True)
    for line in sys.stdin:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.environ.update(json.loads(line))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            commands.work()
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
