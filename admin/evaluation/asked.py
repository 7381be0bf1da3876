"""The questions of a set, as they are put to every arm, and the chunks that bear their answers."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from admin.curation.bench.labels import bearers, places
from chat.rag.answer import Source, Turn
from chat.rag.retriever import Ranking, as_sources
from chat.store import chunks, questions
from chat.store.questions import LabelledText

UNTYPED = "untyped"


@dataclass(frozen=True)
class Quote:
    """Words of a document that bear an answer; without words, the whole document does."""

    document: str
    quote: str


@dataclass(frozen=True)
class Asked:
    """A question of a set. `position` is its place there; `history` the turn it follows, with its accepted answer."""

    position: int
    id: str
    text: str
    answers: Sequence[str] = ()
    answerable: bool = True
    quotes: Sequence[Quote] = ()
    type: str = UNTYPED
    history: Sequence[Turn] = ()


@dataclass(frozen=True)
class Place:
    """Where in the live version of a document a marked passage stands: characters `start` to `end`."""

    document_id: int
    version_id: int
    start: int
    end: int


@dataclass(frozen=True)
class Bearing:
    """What bears a question's answer in the documents as they are now.

    `places` are the marked passages, each with all the places where its words stand; `chunks` are graded 1.
    """

    places: Sequence[Sequence[Place]] = ()
    chunks: Mapping[int, int] | None = None
    passages: Sequence[Source] = ()


def read(rows: Sequence[Mapping[str, Any]], most: int | None = None) -> list[Asked]:
    """The questions of a set's rows, or `most` of them, chosen by a hash of their ids: the same ones every time."""
    earlier = {str(row["id"]): row for row in rows}
    every = [_asked(position, row, earlier) for position, row in enumerate(rows)]
    if most is None or most >= len(every):
        return every
    drawn = sorted(every, key=lambda asked: hashlib.sha256(asked.id.encode()).digest())[:most]
    return sorted(drawn, key=lambda asked: asked.position)


def _asked(position: int, row: Mapping[str, Any], earlier: Mapping[str, Mapping[str, Any]]) -> Asked:
    before = earlier.get(str(row.get("follows") or ""))
    history = [Turn(before["question"], next(iter(before.get("answers") or ()), ""))] if before else []
    marked = [each for each in row.get("passages") or () if each.get("relevant", True)]
    return Asked(
        position=position,
        id=str(row["id"]),
        text=row["question"],
        answers=tuple(row.get("answers") or ()),
        answerable=bool(row.get("answerable", True)),
        quotes=tuple(Quote(each["document"], each.get("quote") or "") for each in marked),
        type=row.get("type") or UNTYPED,
        history=history,
    )


def bearing(session: Session, collection_id: int, asked: Sequence[Asked]) -> dict[int, Bearing]:
    """What bears each question's answer, by its position. A document that is gone, or was rewritten, bears nothing."""
    names = {quote.document for each in asked for quote in each.quotes}
    ids = questions.named(session, collection_id, sorted(names))
    texts = questions.texts(session, list(ids.values()))
    wanted = {each.position: _graded(each, ids, texts) for each in asked}
    found = chunks.sources(session, [collection_id], sorted({chunk for grades in wanted.values() for chunk in grades}))
    versions = {chunk.document_id: chunk.version_id for chunk in found}
    return {
        each.position: Bearing(
            [
                [Place(document, versions[document], start, end) for start, end in places(quote.quote, text.text)]
                for quote in each.quotes
                if (document := ids.get(quote.document, 0)) in versions and (text := texts.get(document))
            ],
            wanted[each.position],
            as_sources([Ranking(chunk, 1.0, None, None, None) for chunk in sorted(wanted[each.position])], found),
        )
        for each in asked
    }


def _graded(asked: Asked, ids: Mapping[str, int], texts: Mapping[int, LabelledText]) -> dict[int, int]:
    """Grade 1 for each chunk that bears the question's answer, as the retrieval bench grades it."""
    marked = [(quote.quote, texts[ids[quote.document]]) for quote in asked.quotes if ids.get(quote.document) in texts]
    return {chunk: 1 for quote, text in marked for chunk in bearers(quote, text)}
