"""How far a piece of work is, told to whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[int, int], object]
"""Hears how many steps are done, and of how many. What it raises ends the work."""


def silent(_done: int, _of: int) -> None:
    """Progress that nobody looks at."""


def part(note: Progress, which: int, parts: int) -> Progress:
    """Progress of part `which` (from 0) of `parts` that take about as long as each other."""
    return lambda done, of: note(which * of + done, parts * of)
