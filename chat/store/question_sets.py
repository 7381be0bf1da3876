"""Question sets: questions held out from training, frozen under a name and number. The same content is the same set."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import NAME, Collection, Evaluation, Question, QuestionPassage, QuestionSet, User

UNTYPED = "untyped"
LABELLED = "labelled questions"
"""What the collection's own questions are called where they stand beside the sets."""


@dataclass(frozen=True)
class Quote:
    """Words of a document that bear an answer; without words, the whole document does."""

    document: str
    text: str


@dataclass(frozen=True)
class HeldOut:
    """A question that no adapter of the collection should have learned, and the passages that bear its answer."""

    set: str
    key: str
    text: str
    before: str | None
    """The question that it follows upon, if it does."""
    answers: Sequence[str]
    quotes: Sequence[Quote]


@dataclass(frozen=True)
class SetLine:
    """A question set in the list."""

    id: int
    name: str
    number: int
    sha256: str
    questions: int
    types: Mapping[str, int]
    """How many questions there are of each type."""
    person: str | None
    created_at: datetime
    evaluations: int


def digest(questions: Sequence[Mapping[str, Any]]) -> str:
    """sha256 of the canonical JSON of a set's questions: keys sorted, no white space, characters as they are."""
    said = json.dumps([dict(each) for each in questions], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def put(
    session: Session,
    collection_id: int,
    name: str,
    questions: Sequence[Mapping[str, Any]],
    user_id: int | None = None,
) -> tuple[QuestionSet, bool]:
    """Freeze the questions under a name, as its next number, unless a set of that name holds just these.

    Returns the set, and whether it is new. Raises `InvalidInputError` for a name that cannot be.
    """
    if not re.fullmatch(NAME, name):
        raise InvalidInputError(
            f"{name[:80]!r} cannot be a question set's name: use small letters, digits and hyphens, at most 63."
        )
    session.execute(select(Collection.id).where(Collection.id == collection_id).with_for_update(key_share=True))
    sha256 = digest(questions)
    same = session.scalars(_numbered(collection_id, name).where(QuestionSet.sha256 == sha256).limit(1)).first()
    if same is not None:
        return same, False
    last = session.scalars(
        select(func.max(QuestionSet.number)).where(QuestionSet.collection_id == collection_id, QuestionSet.name == name)
    ).one()
    made = QuestionSet(
        collection_id=collection_id,
        name=name,
        number=(last or 0) + 1,
        sha256=sha256,
        questions=[dict(each) for each in questions],
        user_id=user_id,
    )
    session.add(made)
    session.flush()
    return made, True


def get(session: Session, collections: Sequence[int], set_id: int) -> QuestionSet:
    """The set of that id, in one of these collections. Raises `NotFoundError`."""
    found = session.get(QuestionSet, set_id)
    if found is None or found.collection_id not in collections:
        raise NotFoundError("This question set is not there any more. Reload the page to see which there are.")
    return found


def named(session: Session, collection_id: int, name: str, number: int | None = None) -> QuestionSet:
    """The set of that name, in that number or its latest. Raises `NotFoundError` naming those that there are."""
    chosen = _numbered(collection_id, name).where(QuestionSet.number == number if number else QuestionSet.number > 0)
    found = session.scalars(chosen.limit(1)).first()
    if found is None:
        wanted = f"{name} {number}" if number else name
        known = ", ".join(
            session.scalars(
                select(QuestionSet.name)
                .where(QuestionSet.collection_id == collection_id)
                .distinct()
                .order_by(QuestionSet.name)
            )
        )
        raise NotFoundError(f"There is no question set {wanted!r} here. There are: {known or 'none yet'}.")
    return found


def listing(session: Session, collections: Sequence[int]) -> list[SetLine]:
    """The sets of these collections, the newest first."""
    evaluations = (
        select(func.count(Evaluation.id)).where(Evaluation.question_set_id == QuestionSet.id).scalar_subquery()
    )
    rows = session.execute(
        select(QuestionSet, User.name, evaluations)
        .outerjoin(User, User.id == QuestionSet.user_id)
        .where(QuestionSet.collection_id.in_(collections))
        .order_by(QuestionSet.id.desc())
    )
    return [_line(each, person, count) for each, person, count in rows]


def remove(session: Session, question_set: QuestionSet) -> None:
    """Delete a set. Raises `InvalidInputError` where an evaluation asked its questions."""
    asked = session.scalars(
        select(func.count(Evaluation.id)).where(Evaluation.question_set_id == question_set.id)
    ).one()
    if asked:
        raise InvalidInputError(
            f"{asked} evaluation(s) asked the questions of {question_set.name} {question_set.number}: "
            "it stays, so that their results can be understood."
        )
    session.delete(question_set)
    session.flush()


def held_out(session: Session, collection_id: int) -> list[HeldOut]:
    """Every question of the collection's sets, newest set first, and its labelled questions. Each text once."""
    sets = session.scalars(
        select(QuestionSet).where(QuestionSet.collection_id == collection_id).order_by(QuestionSet.id.desc())
    )
    found: dict[tuple[str, str | None], HeldOut] = {}
    for each in [*(held for one in sets for held in of_set(one)), *_labelled(session, collection_id)]:
        found.setdefault((each.text, each.before), each)
    return list(found.values())


def of_set(question_set: QuestionSet) -> list[HeldOut]:
    """The questions of one set."""
    texts = {each["id"]: each["question"] for each in question_set.questions}
    name = f"{question_set.name} {question_set.number}"
    return [
        HeldOut(
            name,
            each["id"],
            each["question"],
            texts.get(each.get("follows")),
            each.get("answers", []),
            [
                Quote(passage["document"], passage.get("quote", ""))
                for passage in each.get("passages", [])
                if passage.get("relevant", True)
            ],
        )
        for each in question_set.questions
    ]


def _labelled(session: Session, collection_id: int) -> list[HeldOut]:
    rows = session.scalars(select(Question).where(Question.collection_id == collection_id).order_by(Question.id)).all()
    quotes: dict[int, list[Quote]] = {row.id: [] for row in rows}
    for question_id, document, quote in session.execute(
        select(QuestionPassage.question_id, QuestionPassage.document, QuestionPassage.quote)
        .where(QuestionPassage.question_id.in_(list(quotes)), QuestionPassage.relevant)
        .order_by(QuestionPassage.id)
    ):
        quotes[question_id].append(Quote(document, quote))
    texts = {row.key: row.text for row in rows}
    return [
        HeldOut(LABELLED, row.key, row.text, texts.get(row.follows or ""), row.answers, quotes[row.id]) for row in rows
    ]


def _numbered(collection_id: int, name: str) -> Select[QuestionSet]:
    return (
        select(QuestionSet)
        .where(QuestionSet.collection_id == collection_id, QuestionSet.name == name)
        .order_by(QuestionSet.number.desc())
    )


def _line(each: QuestionSet, person: str | None, evaluations: int) -> SetLine:
    types: dict[str, int] = {}
    for question in each.questions:
        kind = question.get("type") or UNTYPED
        types[kind] = types.get(kind, 0) + 1
    return SetLine(
        each.id, each.name, each.number, each.sha256, len(each.questions), types, person, each.created_at, evaluations
    )
