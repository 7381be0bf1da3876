"""A conversation as a file to keep: for people to read, or for programs; with the words that each answer cites."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chat.rag.answer import Citation
from chat.service.shown import ShownConversation, ShownMessage
from chat.store.tables import AnswerStatus

ENDED_EARLY = {AnswerStatus.STOPPED: "(stopped here)", AnswerStatus.FAILED: "(could not be finished)"}


def as_json(conversation: ShownConversation) -> str:
    """One JSON document. A citation's `start` and `end` are characters of the text of that version."""
    document = {
        "title": conversation.title,
        "updated_at": conversation.updated_at.isoformat(timespec="seconds"),
        "messages": [_message(message) for message in conversation.messages],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_markdown(conversation: ShownConversation) -> str:
    """Headings are the questions; under each answer stand the passages that it cites."""
    day = conversation.updated_at.date().isoformat()
    parts = [f"# {_line(conversation.title)}", day, *(_part(message) for message in conversation.messages)]
    return "\n\n".join(parts) + "\n"


def _message(message: ShownMessage) -> dict[str, Any]:
    common = {"role": message.role, "text": message.text}
    if message.role == "user":
        return common
    return common | {
        "status": str(message.status),
        "mode": message.mode,
        "adapter": asdict(message.adapter) if message.adapter else None,
        "refused": message.refused,
        "quoted": message.quoted,
        "citations": [_citation(citation) for citation in message.citations],
    }


def _citation(citation: Citation) -> dict[str, Any]:
    fields = asdict(citation)
    del fields["version_id"]
    return fields


def _part(message: ShownMessage) -> str:
    if message.role == "user":
        return f"## {_line(message.text)}"
    ending = ENDED_EARLY.get(message.status)
    return "\n\n".join(part for part in (message.text, ending, "\n".join(_sources(message))) if part)


def _sources(message: ShownMessage) -> Iterator[str]:
    for citation in message.citations:
        page = f", page {citation.page}" if citation.page else ""
        yield f"> [{citation.marker}] {citation.document}{page}, version {citation.version}: “{_line(citation.quote)}”"
        yield ">"


def _line(text: str) -> str:
    return " ".join(text.split())
