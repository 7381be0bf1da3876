"""Contents: the text of some bytes and its chunks, shared by every version of these bytes in a collection."""

from collections.abc import Sequence

from sqlalchemy import and_, case, delete, exists, func, select, update
from sqlalchemy.orm import Session

from chat.store.tables import Chunk, Content, DocumentVersion


def add(
    session: Session,
    collection_id: int,
    version: DocumentVersion,
    *,
    text: str,
    title: str | None,
    page_starts: Sequence[int],
    language: str | None,
    chunk_count: int,
) -> int:
    """A content for the bytes of `version`, to be filled with chunks; it counts once `publish` completes it.

    Returns its id. Takes away what earlier, interrupted tries at the same bytes left behind.
    """
    same = (
        Content.collection_id == collection_id,
        Content.sha256 == version.sha256,
        Content.kind == version.kind,
    )
    session.execute(delete(Content).where(*same, ~Content.complete))
    content = Content(
        collection_id=collection_id,
        sha256=version.sha256,
        kind=version.kind,
        text=text,
        title=title,
        page_starts=list(page_starts),
        language=language,
        chunk_count=chunk_count,
    )
    session.add(content)
    session.flush()
    return content.id


def complete(session: Session, collection_id: int, sha256: str, kind: str) -> int | None:
    """Id of the content that the collection already holds for these bytes."""
    return session.scalars(
        select(Content.id).where(
            Content.collection_id == collection_id,
            Content.sha256 == sha256,
            Content.kind == kind,
            Content.complete,
        )
    ).one_or_none()


def refresh_live(session: Session, content_ids: Sequence[int]) -> None:
    """Let exactly those chunks of the contents be searched that are not disabled and that some live version has."""
    lock(session, content_ids)
    has_live_version = exists().where(DocumentVersion.content_id == Chunk.content_id, DocumentVersion.live)
    searched = and_(has_live_version, ~Chunk.disabled)
    words = func.to_tsvector(Chunk.config, Chunk.section + " " + Chunk.text)
    session.execute(
        update(Chunk)
        .where(Chunk.content_id.in_(content_ids), Chunk.live != searched)
        .values(live=~Chunk.live, keywords=case((Chunk.live, None), else_=words))
    )


def lock(session: Session, content_ids: Sequence[int]) -> None:
    """Until the transaction ends, nobody else decides which of the contents are live or unused.

    Otherwise a version that takes up a content, not yet committed, would not be counted by one that leaves it.
    """
    session.execute(
        select(Content.id).where(Content.id.in_(content_ids)).order_by(Content.id).with_for_update(key_share=True)
    )
