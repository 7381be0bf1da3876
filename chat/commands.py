"""What the commands of `python -m chat` do."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, Any, NamedTuple

import typer
from rich.console import Console

from chat.app import Parts, assemble, build
from chat.door import opening
from chat.rag.answer import Answer, Citation, Mode, Source, Token
from chat.service import Choice
from chat.settings import load_settings

Asked = tuple[str | None, str]
"""The id of a question, where it came from a file, and the question."""


class Where(NamedTuple):
    """What is searched: one collection or all, and of that only what has all these tags."""

    collection: str | None = None
    tags: Sequence[str] = ()


def web() -> None:
    """Run the chat app until interrupted."""
    import uvicorn

    settings = load_settings()
    # uvicorn sends itself the signal again when it has ended; unhandled, that would leave the parts open.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with opened(wait_for_model=False) as parts:
        opening.prepare(parts.database.sessions, settings)
        config = uvicorn.Config(build(parts), settings.host, settings.chat_port, log_level="warning")
        print(f"Chat: http://{settings.host}:{settings.chat_port}", flush=True)
        uvicorn.Server(config).run()


def questions(question: str | None, file: IO[str] | None) -> list[Asked]:
    """The one question, or those in the file. Raises a usage error where there is neither or both, or a bad line."""
    if (question is None) == (file is None):
        raise typer.BadParameter("Give either a question or --file.")
    if file is None:
        return [(None, question or "")]
    try:
        rows = [json.loads(line) for line in file if line.strip()]
        return [(str(row["id"]), str(row["question"])) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter(f'Each line must be JSON like {{"id": "1", "question": "…"}}: {error}') from None


def chosen(mode: str | None, adapter: str | None) -> Choice:
    """How to answer. Raises a usage error for a mode that does not exist, or takes no adapter where one is named."""
    if mode is not None and mode not in list(Mode):
        raise typer.BadParameter(f"--mode {mode!r}: there are {', '.join(Mode)}.")
    choice = Choice(None if mode is None else Mode(mode), adapter)
    if adapter is not None and choice.mode is not None and not choice.mode.adapts:
        raise typer.BadParameter(f"--mode {mode} answers without an adapter: leave out --adapter, or the mode.")
    return choice


def ask(asked: list[Asked], choice: Choice, where: Where, *, as_json: bool) -> None:
    """Print the answer to each question."""
    with opened(wait_for_model=True) as parts:
        for identity, question in asked:
            answer = answer_to(parts, question, choice, where, show=not as_json)
            trace_id = parts.assistant.keep_trace(question, answer)
            if as_json:
                print_json(identity, answer_document(answer) | {"trace_id": str(trace_id)})
            else:
                print_answer(answer)


def search(asked: list[Asked], where: Where, k: int, *, as_json: bool) -> None:
    """Print the passages found for each query."""
    with opened(wait_for_model=False) as parts:
        for identity, query in asked:
            found = parts.assistant.search(query, **where._asdict(), k=k)
            if as_json:
                print_json(identity, {"results": [result_document(source) for source in found]})
            else:
                print_results(found)


@contextmanager
def opened(*, wait_for_model: bool) -> Iterator[Parts]:
    """The parts of chat, given back at the end."""
    parts = assemble(load_settings(), wait_for_model=wait_for_model)
    try:
        yield parts
    finally:
        parts.close()


def answer_to(parts: Parts, question: str, choice: Choice, where: Where, *, show: bool) -> Answer:
    """The answer; with `show`, a sign of life on stderr while it is written."""
    answer: Answer | None = None
    with Console(stderr=True).status("Searching the documents…") if show else nothing() as status:
        for event in parts.assistant.answer(question, mode=choice.mode, adapter=choice.adapter, **where._asdict()):
            match event:
                case Token() if status is not None:
                    status.update("Writing…")
                case Answer():
                    answer = event
    assert answer is not None
    return answer


@contextmanager
def nothing() -> Iterator[None]:
    yield None


def answer_document(answer: Answer) -> dict[str, Any]:
    """An answer as `ask --json` prints it."""
    return {
        "answer": answer.text,
        "refused": answer.refused,
        "quoted": answer.quoted,
        "mode": answer.mode,
        "model": answer.model,
        "adapter": asdict(answer.adapter) if answer.adapter else None,
        "missed": asdict(answer.missed) if answer.missed else None,
        "citations": [citation_document(citation) for citation in answer.citations],
        "retrieved": [
            passage_document(source) | {"quote": source.text, "score": source.score} for source in answer.retrieved
        ],
        "timings_ms": answer.timings_ms,
    }


def citation_document(citation: Citation) -> dict[str, Any]:
    fields = asdict(citation)
    del fields["version_id"]
    return fields


def passage_document(source: Source) -> dict[str, Any]:
    names = ("document", "document_id", "version", "chunk_id", "page", "start", "end")
    return {"marker": None} | {name: getattr(source, name) for name in names}


def result_document(source: Source) -> dict[str, Any]:
    """A passage as `search --json` prints it."""
    names = ("rank", "chunk_id", "document", "document_id", "score", "dense_rank", "keyword_rank", "text")
    return {name: getattr(source, name) for name in names}


def print_json(identity: str | None, document: dict[str, Any]) -> None:
    print(json.dumps(({"id": identity} if identity is not None else {}) | document, ensure_ascii=False), flush=True)


def print_answer(answer: Answer) -> None:
    print(answer.text)
    if answer.quoted:
        print("(quoted from the documents)")
    if answer.broke_off:
        print("chat: the model broke off here; ask again to have the whole answer", file=sys.stderr)
    if answer.missed:
        name, reason = answer.missed.adapter.name, answer.missed.reason
        print(f"chat: the adapter {name} did not answer, this is without it: {reason}", file=sys.stderr)
    elif answer.adapter:
        print(f"(answered with {answer.adapter.name})")
    for citation in answer.citations:
        page = f", page {citation.page}" if citation.page else ""
        quote = " ".join(citation.quote.split())
        print(f"\n[{citation.marker}] {citation.document}{page}, version {citation.version}\n    {quote}")


def print_results(found: list[Source]) -> None:
    if not found:
        print("Nothing found. `python -m admin ingest FOLDER` adds documents.", file=sys.stderr)
    for source in found:
        section = f" › {source.section}" if source.section else ""
        print(f"{source.rank:2}. {source.document}{section}\n    {' '.join(source.text.split())[:200]}")
