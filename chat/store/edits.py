"""Edits of documents: what a new version is made from, and what it takes over instead of computing it again."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store import contents, versions
from chat.store.chunks import NewChunk
from chat.store.tables import Chunk, Content, DocumentVersion, Status

TAKEN_OVER = sa.text("""
    INSERT INTO chunks
        (collection_id, content_id, ordinal, start_char, end_char, page, section, text, config, embedding)
    SELECT parent.collection_id, :content, new.ordinal, new.start_char, new.end_char, nullif(new.page, 0),
           parent.section, parent.text, parent.config, parent.embedding
    FROM unnest(cast(:parents AS bigint[]), cast(:ordinals AS bigint[]), cast(:starts AS bigint[]),
                cast(:ends AS bigint[]), cast(:pages AS bigint[]))
         AS new(parent_id, ordinal, start_char, end_char, page)
    JOIN chunks AS parent ON parent.id = new.parent_id
    RETURNING ordinal
""")


@dataclass(frozen=True)
class Span:
    """A chunk of a content, without its text. Offsets are characters."""

    start: int
    end: int
    section: str
    disabled: bool


@dataclass(frozen=True)
class Base:
    """The version that an edit starts from: its bytes, its text, and where its chunks are."""

    sha256: str
    kind: str
    draft: bool
    title: str | None
    text: str
    page_starts: Sequence[int]
    language: str | None
    warnings: Sequence[str]
    spans: Sequence[Span]


def base(session: Session, document_id: int, number: int) -> Base:
    """The version of that number, to be edited. Raises as `require_base` does."""
    version = require_base(session, document_id, number)
    content = session.get_one(Content, version.content_id)
    columns = (Chunk.start_char, Chunk.end_char, Chunk.section, Chunk.disabled)
    rows = session.execute(select(*columns).where(Chunk.content_id == content.id).order_by(Chunk.ordinal))
    spans = [Span(*row) for row in rows]
    about = (content.title, content.text, content.page_starts, content.language, content.warnings)
    return Base(version.sha256, version.kind, version.draft, *about, spans)


def require_base(session: Session, document_id: int, number: int) -> DocumentVersion:
    """The version of that number, where it may be edited: it answers, or is a draft, and nothing else is under way.

    Raises `NotFoundError`, and `InvalidInputError` where somebody was faster.
    """
    known = versions.of_document(session, document_id)
    chosen = next((v for v in known if v.number == number and v.status == Status.READY), None)
    if chosen is None:
        raise NotFoundError(f"There is no version {number} that could be edited. Reload the page to see what is there.")
    if any(version.status in (Status.QUEUED, Status.PROCESSING) for version in known):
        raise InvalidInputError("Another version of this document is just being made. Wait for it, then edit that one.")
    if not (chosen.live or chosen.draft):
        raise InvalidInputError(
            f"Version {number} does not answer any more: somebody changed the document meanwhile. Edit the newer one."
        )
    return chosen


def take_over(session: Session, content_id: int, sha256: str, kind: str, chunks: Sequence[NewChunk]) -> set[int]:
    """Copy those of the chunks that the content of the given bytes has, with their vectors, into the new content.

    The two are of one collection. Returns the ordinals of the chunks that were copied; none, where that content is
    gone or its title is another: the title is part of what was embedded.
    """
    new = session.get_one(Content, content_id)
    parent = contents.complete(session, new.collection_id, sha256, kind)
    if parent is None or session.get_one(Content, parent).title != new.title:
        return set()
    rows = session.execute(select(Chunk.section, Chunk.text, Chunk.id).where(Chunk.content_id == parent))
    known = {(section, text): chunk_id for section, text, chunk_id in rows}
    same = [(known[each.section, each.text], each) for each in chunks if (each.section, each.text) in known]
    copied = session.scalars(
        TAKEN_OVER,
        {
            "content": content_id,
            "parents": [chunk_id for chunk_id, _ in same],
            "ordinals": [each.ordinal for _, each in same],
            "starts": [each.start_char for _, each in same],
            "ends": [each.end_char for _, each in same],
            "pages": [each.page or 0 for _, each in same],
        },
    )
    return set(copied)


def disable(session: Session, content_id: int, ordinals: Sequence[int]) -> None:
    """Keep those chunks of a content that is not live yet from being found."""
    if ordinals:
        session.execute(
            update(Chunk).where(Chunk.content_id == content_id, Chunk.ordinal.in_(ordinals)).values(disabled=True)
        )
