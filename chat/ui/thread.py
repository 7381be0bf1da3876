"""A conversation as the messages that the chat component shows: questions, answers, and what each answer rests on.

The invariant: text of people, models and documents reaches the page only through `markdown`'s two renderers or
`html.escape`. An answer is two parts, its prose and its footing, so that nothing a model writes can swallow the latter.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Protocol, TypedDict
from uuid import UUID

from chat.rag.answer import Citation, Mode, Source
from chat.store.adapters import Named
from chat.ui import rating, versions, words
from chat.ui.course import course
from chat.ui.markdown import passage_link, render_markdown, render_plain
from chat.ui.ways import label

QUOTE_LENGTH = 220


class Said(Protocol):
    """What an answer and a kept message have in common."""

    @property
    def text(self) -> str: ...
    @property
    def mode(self) -> Mode | None: ...
    @property
    def refused(self) -> bool: ...
    @property
    def quoted(self) -> bool: ...
    @property
    def searched(self) -> str: ...
    @property
    def citations(self) -> Sequence[Citation]: ...
    @property
    def retrieved(self) -> Sequence[Source]: ...
    @property
    def timings_ms(self) -> Mapping[str, float]: ...
    @property
    def adapter(self) -> Named | None: ...
    @property
    def broke_off(self) -> bool: ...


class ShownMessage(Said, Protocol):
    """A kept message."""

    @property
    def id(self) -> UUID: ...
    @property
    def missed(self) -> str | None: ...
    @property
    def problem(self) -> str: ...
    @property
    def used(self) -> int: ...
    @property
    def model(self) -> str: ...
    @property
    def versions(self) -> versions.Versions | None: ...
    @property
    def opinion(self) -> rating.Opinion | None: ...
    @property
    def role(self) -> str: ...
    @property
    def status(self) -> str: ...


class ChatMessage(TypedDict):
    """A message in the form of Gradio's chat component; each part of the content is HTML on one line."""

    role: str
    content: list[str]


def thread(messages: Sequence[ShownMessage], conversation_id: UUID | None = None) -> list[ChatMessage]:
    """The kept messages, as they are shown; with the conversation that they are of, the page can tell stale ones."""
    return [_kept(message, conversation_id) for message in messages]


def is_growing(message: ShownMessage) -> bool:
    """Whether an answer is still being written."""
    return message.status == "streaming"


def _kept(message: ShownMessage, conversation_id: UUID | None) -> ChatMessage:
    if message.role == "user":
        tools = versions.beside_question(message.id, message.versions)
        return question(message.text, tools, f"asked in-{conversation_id}")
    return frame(message.text, message.mode) if is_growing(message) else _kept_answer(message)


def frame(text: str, mode: Mode | None, *, found: bool = False) -> ChatMessage:
    """An answer as far as it was written. `found`: the documents were searched already."""
    if text:
        return growing(text)
    if mode is None or mode.retrieves:
        return working(words.READING if found else words.SEARCHING)
    return working(words.THINKING)


def question(text: str, tools: str = "", kind: str = "asked") -> ChatMessage:
    return {"role": "user", "content": [f'<div class="{kind}">{render_plain(text)}</div>{tools}']}


def working(note: str) -> ChatMessage:
    """An answer of which there is no word yet."""
    return {"role": "assistant", "content": [f'<div class="writing working" role="status">{escape(note)}</div>']}


def growing(text: str) -> ChatMessage:
    """An answer that is being written."""
    return {"role": "assistant", "content": [f'<div class="writing answer">{render_markdown(text)}</div>']}


def answer(said: Said, status: str = "complete") -> ChatMessage:
    """A whole answer, or what there is of one that was stopped or failed."""
    footing = "".join((*evidence(said, status), _remarks(said, status)))
    return {"role": "assistant", "content": [prose(said), f'<div class="footing">{footing}</div>']}


def _kept_answer(message: ShownMessage) -> ChatMessage:
    """As `answer`, with what the person thinks of it."""
    tools = rating.thumbs(message.id, message.opinion) + versions.beside_answer(message.id, message.versions)
    remarks = _remarks(message, message.status, tools, message.missed)
    problem = f'<p class="problem">{escape(message.problem)}</p>' if message.problem else ""
    by = words.QUOTED if message.quoted else way(message)
    came = course(message, by) if message.status == "complete" else ""
    footing = "".join((*evidence(message, message.status), came, problem, remarks, rating.said(message.opinion)))
    return {"role": "assistant", "content": [prose(message), f'<div class="footing">{footing}</div>']}


def prose(said: Said) -> str:
    """What an answer says, as HTML."""
    kind = "answer refused" if said.refused else "answer"
    return f'<div class="{kind}">{render_markdown(said.text, said.citations)}</div>'


def evidence(said: Said, status: str = "complete") -> Iterator[str]:
    """What an answer cites, and what else was found, as HTML."""
    if status == "complete":
        if said.refused and said.searched:
            yield f'<p class="searched">{words.SEARCHED} “{escape(said.searched)}”</p>'
        if said.citations:
            cards = "".join(_card(str(cited.marker), cited, cited.quote) for cited in said.citations)
            yield f'<div class="cards" role="group" aria-label="{words.SOURCES}">{cards}</div>'
        yield _also_found(said)


def _also_found(said: Said) -> str:
    used = {cited.chunk_id for cited in said.citations}
    rest = [source for source in said.retrieved if source.chunk_id not in used]
    if not rest:
        return ""
    cards = "".join(_card("", source, source.text, source.section) for source in rest)
    summary = f"<summary>{words.ALSO_FOUND} ({len(rest)})</summary>"
    return f'<details class="also">{summary}<div class="cards">{cards}</div></details>'


def _card(marker: str, source: Citation | Source, quote: str, section: str = "") -> str:
    page = words.PAGE.format(source.page) if source.page else ""
    place = " · ".join(escape(part) for part in (section, page) if part)
    number = f"<b>{marker}</b>" if marker else ""
    return (
        f'<a class="card" href="{passage_link(source)}"><span class="where">{number}'
        f"<strong>{escape(source.document)}</strong><small>{place}</small></span>"
        f"<q>{escape(_shortened(quote))}</q></a>"
    )


def _shortened(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= QUOTE_LENGTH else line[:QUOTE_LENGTH].rsplit(" ", 1)[0] + "…"


def _remarks(said: Said, status: str, tools: str = "", missed: str | None = None) -> str:
    """How an answer came about."""
    total = said.timings_ms.get("total")
    remarks = [
        {"stopped": words.STOPPED, "failed": words.FAILED}.get(status, ""),
        words.BROKE_OFF if said.broke_off else "",
        words.COULD_NOT.format(missed) if missed else "",
        words.QUOTED if said.quoted else way(said),
        words.SECONDS.format(total / 1000) if total else "",
    ]
    notes = "".join(f"<span>{escape(remark)}</span>" for remark in remarks if remark)
    copy = f'<button type="button" class="copy-answer">{words.COPY}</button>' if said.text else ""
    return f'<p class="remarks {status}{" missed" if missed else ""}">{copy}{tools}{notes}</p>'


def way(said: Said) -> str:
    """What the answer rests on, in words."""
    return label(said.mode, said.adapter.name if said.adapter else None) if said.mode else ""
