"""Contents: the text of some bytes and its chunks, shared by every version of these bytes in a collection."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ScalarSelect, and_, case, delete, exists, func, select, true, update
from sqlalchemy.orm import Session, aliased

from chat.store.tables import Chunk, Content, Document, DocumentVersion, Status


def add(
    session: Session,
    collection_id: int,
    version: DocumentVersion,
    *,
    text: str,
    title: str | None,
    page_starts: Sequence[int],
    language: str | None,
    warnings: Sequence[str] = (),
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
        warnings=list(warnings),
        chunk_count=chunk_count,
    )
    session.add(content)
    session.flush()
    return content.id


def begin(
    session: Session,
    collection_id: int,
    version: DocumentVersion,
    *,
    text: str,
    title: str | None,
    page_starts: Sequence[int],
    language: str | None,
    warnings: Sequence[str],
    spans: Sequence[tuple[int, int]],
) -> tuple[int, set[int]]:
    """A content to be filled with chunks of these spans, and the ordinals of those that it has already.

    What an interrupted try at the same bytes left is taken up where it holds this very text and these spans.
    """
    unfinished = session.scalars(
        select(Content)
        .where(Content.collection_id == collection_id, Content.sha256 == version.sha256, Content.kind == version.kind)
        .where(~Content.complete, Content.text == text, Content.chunk_count == len(spans))
        .with_for_update()
    ).first()
    if unfinished is not None:
        written = session.execute(
            select(Chunk.ordinal, Chunk.start_char, Chunk.end_char).where(Chunk.content_id == unfinished.id)
        ).all()
        if all(spans[ordinal] == (start, end) for ordinal, start, end in written):
            unfinished.warnings = list(warnings)
            return unfinished.id, {ordinal for ordinal, _, _ in written}
    content_id = add(
        session, collection_id, version, text=text, title=title, page_starts=page_starts, language=language,
        warnings=warnings, chunk_count=len(spans),
    )  # fmt: skip
    return content_id, set()


def complete(
    session: Session, collection_id: int, sha256: str, kind: str, *, since: datetime | None = None
) -> int | None:
    """Id of the content that the collection already holds for these bytes; with `since`, if it was made after that."""
    return session.scalars(
        select(Content.id).where(
            Content.collection_id == collection_id,
            Content.sha256 == sha256,
            Content.kind == kind,
            Content.complete,
            ~Content.superseded,
            Content.created_at > since if since else true(),
        )
    ).one_or_none()


def finish(session: Session, content_id: int) -> None:
    """Let a content count from now on, in place of an earlier one of the same bytes.

    Where that one's text was another, it stays for the versions that have it: they were cited by it. Where it was the
    same, they take up the new one, and only that is kept.
    """
    before = aliased(Content)
    found = session.execute(
        select(before.id, before.text == Content.text)
        .select_from(Content)
        .join(before, and_(before.collection_id == Content.collection_id, before.sha256 == Content.sha256))
        .where(Content.id == content_id, ~Content.complete, before.kind == Content.kind)
        .where(before.complete, ~before.superseded)
    ).one_or_none()
    if found is not None:
        lock(session, [content_id, found[0]])
        session.execute(update(Content).where(Content.id == found[0]).values(superseded=True))
    session.execute(update(Content).where(Content.id == content_id, ~Content.complete).values(complete=True))
    if found is not None and found[1]:
        _replace(session, found[0], content_id)


def _replace(session: Session, old: int, new: int) -> None:
    """Give every version that has one content another, and drop the one."""
    session.execute(update(DocumentVersion).where(DocumentVersion.content_id == old).values(content_id=new))
    refresh_live(session, [new])
    session.execute(delete(Content).where(Content.id == old))


def warnings(session: Session, content_id: int) -> list[str]:
    """What of the bytes could not be read or was left out: sentences for people."""
    return list(session.scalars(select(Content.warnings).where(Content.id == content_id)).one())


def drop_unfinished(session: Session, versions: Iterable[DocumentVersion]) -> None:
    """Take away what tries at these versions, ended before they were done, have written so far.

    What another version of the same bytes is still being read into stays.
    """
    for version in versions:
        held = select(Document.collection_id).where(Document.id == version.document_id).scalar_subquery()
        drop_unfinished_bytes(session, held, version.sha256, version.kind)


def drop_unfinished_bytes(session: Session, collection_id: int | ScalarSelect[int], sha256: str, kind: str) -> None:
    """Take away the contents of these bytes that are not complete and that nobody is at work on."""
    at_work = (
        exists()
        .where(DocumentVersion.sha256 == sha256, DocumentVersion.kind == kind)
        .where(DocumentVersion.status == Status.PROCESSING, Document.id == DocumentVersion.document_id)
        .where(Document.collection_id == collection_id)
    )
    session.execute(
        delete(Content)
        .where(Content.collection_id == collection_id, Content.sha256 == sha256, Content.kind == kind)
        .where(~Content.complete, ~at_work)
    )


def refresh_live(session: Session, content_ids: Sequence[int]) -> None:
    """Let exactly those chunks of the contents be searched that are not disabled and that some live version has."""
    lock(session, content_ids)
    has_live_version = exists().where(DocumentVersion.content_id == Chunk.content_id, DocumentVersion.live)
    searched = and_(has_live_version, ~Chunk.disabled)
    words = func.chunk_keywords(Chunk.config, Chunk.section + " " + Chunk.text)
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
