"""What each program of ours begins and ends with: what its libraries read at their start, and failures in words."""

import io
import os
import sys
from collections.abc import Callable

from chat.errors import AppError


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
    # Several processes share the cores, and OpenMP's barrier that spins until all are there would stop them all: eight
    # answers at once came at 25 tokens/s instead of 157. A thousand turns, some microseconds, do no harm, and spare
    # most of the waking up: 146 tokens/s instead of 93.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
