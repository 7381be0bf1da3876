"""How an answer came about, in plain words: what was searched, found and read, what wrote it, how long that took."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Protocol

from chat.rag.answer import Citation, Source
from chat.ui import words


class Course(Protocol):
    """What is told of an answer."""

    @property
    def searched(self) -> str: ...
    @property
    def retrieved(self) -> Sequence[Source]: ...
    @property
    def used(self) -> int: ...
    @property
    def citations(self) -> Sequence[Citation]: ...
    @property
    def timings_ms(self) -> Mapping[str, float]: ...
    @property
    def model(self) -> str: ...


def course(answer: Course, way: str) -> str:
    """A list that opens, as HTML; nothing where nothing was kept of it. `way`: what the answer rests on, in words."""
    rows = "".join(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in _steps(answer, way) if said)
    summary = f"<summary>{words.WAY}</summary>"
    return f'<details class="also came">{summary}<dl>{rows}</dl></details>' if answer.timings_ms else ""


def took(milliseconds: float) -> str:
    """A time that a person waited, with its unit."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else words.SECONDS.format(milliseconds / 1000)


def _steps(answer: Course, way: str) -> Iterator[tuple[str, str]]:
    times = answer.timings_ms
    if answer.searched and "retrieve" in times:
        found = words.PASSAGES.format(len(answer.retrieved))
        yield words.SEARCHED, f"“{answer.searched}”"
        yield words.FOUND, words.IN_TIME.format(found, took(times["retrieve"]))
        if used := min(answer.used, len(answer.retrieved)):
            yield words.READ, words.BEST_AND_CITED.format(used, len({cited.chunk_id for cited in answer.citations}))
    yield words.MODE, way
    yield words.MODEL, answer.model
    if "first_token" in times:
        yield words.FIRST_WORD, words.AFTER.format(took(times["first_token"]))
    yield words.WHOLE, words.AFTER.format(took(times["total"])) if "total" in times else ""
