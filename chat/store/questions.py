"""Labelled questions: what a collection should find. A label is words of a document, so it outlives re-chunking."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chat.errors import NotFoundError
from chat.store.tables import FOLDERS, DocumentVersion, Question, QuestionPassage


@dataclass(frozen=True)
class Label:
    """Words of a document marked right or wrong for a question; without words, the whole document is."""

    document: str
    quote: str = ""
    relevant: bool = True
    document_id: int | None = None
    """None where no document of that name is there (yet, or any more)."""


@dataclass(frozen=True)
class NewQuestion:
    """A question to be kept under its key, which is unique in the collection."""

    key: str
    text: str
    answers: Sequence[str] = ()
    answerable: bool = True
    type: str = ""
    language: str | None = None
    follows: str | None = None
    labels: Sequence[Label] = ()


@dataclass(frozen=True)
class LabelledQuestion:
    """A question of a collection, with its labels. `before` is the question that it follows upon, if it does."""

    id: int
    key: str
    text: str
    answerable: bool
    before: str | None
    labels: Sequence[Label]

    @property
    def right(self) -> Sequence[Label]:
        return [label for label in self.labels if label.relevant]


@dataclass(frozen=True)
class LabelledText:
    """The text that a label's document has in one version, and the places of its chunks: (id, start, end)."""

    text: str
    chunks: Sequence[tuple[int, int, int]]


@dataclass(frozen=True)
class Change:
    """What might be done to documents: versions, by id, that would answer, and documents that would be deleted."""

    published: Sequence[int] = ()
    deleted: Sequence[int] = ()


NO_CHANGE = Change()
NAMED = sa.text("""
    SELECT DISTINCT ON (wanted.name) wanted.name, documents.id
    FROM unnest(cast(:names AS text[])) AS wanted(name)
    JOIN documents ON documents.collection_id = :collection
    LEFT JOIN document_versions AS versions ON versions.document_id = documents.id AND versions.live
    LEFT JOIN contents ON contents.id = versions.content_id
    WHERE wanted.name IN (documents.name, regexp_replace(documents.name, cast(:folders AS text), ''), contents.title)
    ORDER BY wanted.name, documents.name <> wanted.name, documents.id
""").bindparams(folders=FOLDERS)
TEXTS = sa.text("""
    SELECT versions.document_id, contents.text, chunks.id, chunks.start_char, chunks.end_char
    FROM document_versions AS versions JOIN contents ON contents.id = versions.content_id
    JOIN chunks ON chunks.content_id = contents.id AND NOT chunks.disabled
    WHERE versions.document_id = ANY(:documents)
      AND (versions.id = ANY(:published) OR (versions.live AND versions.document_id <> ALL(:replaced)))
    ORDER BY chunks.id
""")
TAKEN_AWAY = sa.text("""
    SELECT chunks.id FROM document_versions AS versions JOIN chunks ON chunks.content_id = versions.content_id
    WHERE versions.live AND chunks.live AND versions.document_id = ANY(:replaced)
      AND NOT EXISTS (
          SELECT FROM document_versions AS others
          WHERE others.content_id = versions.content_id AND (
              others.id = ANY(:published) OR (others.live AND others.document_id <> ALL(:replaced))
          )
      )
""")


def put(session: Session, collection_id: int, new: NewQuestion, user_id: int | None = None) -> bool:
    """Keep a question under its key, in place of what was kept there. Returns whether the key is new."""
    known = session.scalars(
        select(Question).where(Question.collection_id == collection_id, Question.key == new.key).with_for_update()
    ).one_or_none()
    question = known or Question(collection_id=collection_id, key=new.key, user_id=user_id)
    question.text, question.answers, question.answerable = new.text, list(new.answers), new.answerable
    question.type, question.language, question.follows = new.type, new.language, new.follows
    session.add(question)
    session.flush()
    session.execute(delete(QuestionPassage).where(QuestionPassage.question_id == question.id))
    ids = named(session, collection_id, [label.document for label in new.labels])
    session.add_all(_passage(question.id, label, label.document_id or ids.get(label.document)) for label in new.labels)
    session.flush()
    return known is None


def mark(
    session: Session, collection_id: int, text: str, label: Label, user_id: int | None, *, keep: bool = True
) -> None:
    """Label these words for the question of that text, which is kept from now on, or take back what was said of them.

    A question with a right passage counts as answerable; one that has no label left, and had an answer, is forgotten.
    """
    question = _of_text(session, collection_id, text, user_id)
    session.execute(
        delete(QuestionPassage).where(
            QuestionPassage.question_id == question.id,
            QuestionPassage.document_id == label.document_id,
            QuestionPassage.quote == label.quote,
        )
    )
    if keep:
        session.add(_passage(question.id, label, label.document_id))
        question.answerable = question.answerable or label.relevant
    elif question.answerable and not _labelled(session, question.id):
        session.delete(question)
    session.flush()


def mark_unanswerable(session: Session, collection_id: int, text: str, user_id: int | None) -> None:
    """Keep the question as one that the documents do not answer; what was marked right for it is taken back."""
    question = _of_text(session, collection_id, text, user_id)
    question.answerable = False
    session.flush()
    session.execute(delete(QuestionPassage).where(QuestionPassage.question_id == question.id, QuestionPassage.relevant))


def labels_of(session: Session, collections: Sequence[int], text: str) -> list[Label]:
    """What is marked for questions of this very text in these collections, where the document is there."""
    rows = session.scalars(
        select(QuestionPassage)
        .join(Question, Question.id == QuestionPassage.question_id)
        .where(Question.collection_id.in_(collections), Question.text == text, QuestionPassage.document_id.is_not(None))
        .order_by(QuestionPassage.id)
    )
    return [Label(row.document, row.quote, row.relevant, row.document_id) for row in rows]


def _of_text(session: Session, collection_id: int, text: str, user_id: int | None) -> Question:
    """The first question of that text, locked; made if there was none."""
    same = select(Question).where(Question.collection_id == collection_id, Question.text == text)
    question = session.scalars(same.order_by(Question.id).limit(1).with_for_update()).one_or_none()
    if question is None:
        key = _free_key(session, collection_id)
        question = Question(collection_id=collection_id, key=key, text=text, answerable=True, user_id=user_id)
        session.add(question)
        session.flush()
    return question


def _labelled(session: Session, question_id: int) -> bool:
    return (
        session.scalars(select(QuestionPassage.id).where(QuestionPassage.question_id == question_id)).first()
        is not None
    )


def _passage(question_id: int, label: Label, document_id: int | None) -> QuestionPassage:
    return QuestionPassage(
        question_id=question_id,
        document_id=document_id,
        document=label.document,
        quote=label.quote,
        relevant=label.relevant,
    )


def remove(session: Session, collections: Sequence[int], question_id: int) -> str:
    """Delete a question with its labels. Returns its text. Raises `NotFoundError`."""
    question = session.get(Question, question_id)
    if question is None or question.collection_id not in collections:
        raise NotFoundError("This question is not there any more. Reload the page to see what is.")
    session.delete(question)
    session.flush()
    return question.text


def rows_of(session: Session, collection_id: int) -> tuple[Sequence[Question], Sequence[QuestionPassage]]:
    """The collection's questions, in the order they came, and all their passages."""
    rows = session.scalars(select(Question).where(Question.collection_id == collection_id).order_by(Question.id)).all()
    marked = session.scalars(
        select(QuestionPassage)
        .where(QuestionPassage.question_id.in_([row.id for row in rows]))
        .order_by(QuestionPassage.id)
    ).all()
    return rows, marked


def of_collection(session: Session, collection_id: int) -> list[LabelledQuestion]:
    """The collection's questions with their labels, in the order they came. Labels find their documents by name."""
    rows, marked = rows_of(session, collection_id)
    ids = named(session, collection_id, [passage.document for passage in marked if passage.document_id is None])
    labels: dict[int, list[Label]] = {row.id: [] for row in rows}
    for passage in marked:
        document_id = passage.document_id or ids.get(passage.document)
        labels[passage.question_id].append(Label(passage.document, passage.quote, passage.relevant, document_id))
    texts = {row.key: row.text for row in rows}
    return [
        LabelledQuestion(row.id, row.key, row.text, row.answerable, texts.get(row.follows or ""), labels[row.id])
        for row in rows
    ]


def texts(session: Session, document_ids: Sequence[int], change: Change = NO_CHANGE) -> dict[int, LabelledText]:
    """What these documents say in the version that answers, or would after `change`; one without is left out."""
    replaced = _replaced(session, change)
    wanted = [document_id for document_id in document_ids if document_id not in change.deleted]
    scope = {"documents": wanted, "published": list(change.published), "replaced": replaced}
    found: dict[int, tuple[str, list[tuple[int, int, int]]]] = {}
    for document_id, text, chunk_id, start, end in session.execute(TEXTS, scope):
        found.setdefault(document_id, (text, []))[1].append((chunk_id, start, end))
    return {document_id: LabelledText(text, places) for document_id, (text, places) in found.items()}


def taken_away(session: Session, change: Change) -> set[int]:
    """Ids of the chunks that can be found now and could not be any more after `change`."""
    scope = {"published": list(change.published), "replaced": _replaced(session, change)}
    return set(session.scalars(TAKEN_AWAY, scope))


def document_of(session: Session, version_id: int) -> int:
    """The document of a version. Raises `NotFoundError`."""
    version = session.get(DocumentVersion, version_id)
    if version is None:
        raise NotFoundError("This version is not there any more. Reload the page to see what is.")
    return version.document_id


def _replaced(session: Session, change: Change) -> list[int]:
    """The documents whose live version would answer no more."""
    versions = select(DocumentVersion.document_id).where(DocumentVersion.id.in_(change.published))
    return [*session.scalars(versions), *change.deleted]


def named(session: Session, collection_id: int, names: Sequence[str]) -> dict[str, int]:
    """The document of each name, by its path, its file's name or the title that its text states."""
    if not names:
        return {}
    rows = session.execute(NAMED, {"collection": collection_id, "names": sorted(set(names))})
    return {name: document_id for name, document_id in rows}  # noqa: C416 - rows are not pairs to the type checker


def _free_key(session: Session, collection_id: int) -> str:
    """A key that no question of the collection has, such as `b12`."""
    last = session.scalars(
        select(func.max(sa.cast(func.substr(Question.key, 2), sa.Integer))).where(
            Question.collection_id == collection_id, Question.key.regexp_match("^b[0-9]{1,9}$")
        )
    ).one()
    return f"b{(last or 0) + 1}"
