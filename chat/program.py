"""What each program of ours begins and ends with: what its libraries read at their start, and failures in words."""

import io
import os
import sys
from collections.abc import Callable

from chat.errors import AppError

_WAITING = (
    {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "1000"}
    if sys.platform == "linux"
    else {"OMP_WAIT_POLICY": "PASSIVE"}
)
"""How OpenMP's threads wait for each other. Several processes share the cores, and who spins until all are there stops
all of them: eight answers came at 25 tokens/s instead of 157. Who sleeps at once has to be woken hundreds of times for
a token: 86 tokens/s instead of 112. A thousand turns, some microseconds, are both: torch's OpenMP on Linux (GCC's)
takes that number, and with `PASSIVE` would forget it as soon as two threads compute."""


def run(cli: Callable[[], object], name: str) -> None:
    """Run a command line. A failure that a person can cure is told on stderr, exit status 1.

    To be called before gradio or torch is imported.
    """
    _prepare()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The name of a file may hold bytes that are no characters: they are printed escaped, in JSON too.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        cli()
    except AppError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)


def _prepare() -> None:
    """Set what gradio, torch and the tokenizers read when they are imported; what is set already stays."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    for name, value in _WAITING.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
