"""Training examples as reviewers look through them: filtered, sorted, a page at a time, and each with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from chat.store import staleness
from chat.store.paging import in_order, page_of
from chat.store.staleness import Stale
from chat.store.tables import Collection, Example, ExampleReview, ExampleState, ExampleVersion, User
from chat.store.wordings import Wording, places_of, wording_of

SHOWN_CHARACTERS = 400
"""Of a question or an answer, in the list."""


class Sort(StrEnum):
    """The columns that the list can be sorted by."""

    QUESTION = "question"
    ANSWER = "answer"
    STATE = "state"
    ORIGIN = "origin"
    VERSION = "version"
    PERSON = "person"
    CHANGED = "changed"


@dataclass(frozen=True)
class View:
    """Which examples are looked at, in which order; no state is every state. `page` counts from 0."""

    text: str = ""
    collection: str | None = None
    state: ExampleState | None = None
    stale: bool = False
    sort: Sort = Sort.CHANGED
    descending: bool = True
    page: int = 0


@dataclass(frozen=True)
class Line:
    """An example in the list."""

    id: int
    key: str
    collection: str
    question: str
    answer: str
    preference: bool
    answerable: bool
    state: ExampleState
    origin: str
    version: int
    version_id: int
    person: str | None
    """Who made the latest version."""
    changed: datetime
    by_author: bool
    """Whether its state was decided by who made the version."""
    stale: Sequence[Stale] = ()


@dataclass(frozen=True)
class Listing:
    """One page of the examples that a view lets through.

    `counts` are of each state among those of that text, `stale` is how many of these are stale, `every` how many
    examples there are at all.
    """

    lines: Sequence[Line]
    total: int
    counts: Mapping[ExampleState, int]
    stale: int
    every: int


@dataclass(frozen=True)
class Version:
    """One version of an example: what it says, and what its reviewers said of it, the latest last."""

    number: int
    wording: Wording
    note: str
    person: str | None
    made_at: datetime
    reviews: Sequence["Review"]


@dataclass(frozen=True)
class Review:
    """What a reviewer said. `own` where the reviewer made that version."""

    state: ExampleState
    reason: str
    person: str | None
    at: datetime
    own: bool


def listing(session: Session, collections: Sequence[int], view: View) -> Listing:
    """A page of these collections' examples that `view` lets through."""
    outdated = staleness.stale(session, collections)
    is_stale = ExampleVersion.id == sa.any_(sa.cast(list(outdated), sa.ARRAY(sa.BigInteger)))
    found = [Example.collection_id.in_(collections), *_saying(view.text)]
    counts = _counts(session, [*found, is_stale] if view.stale else found)
    chosen = [*found, *([is_stale] if view.stale else []), *([Example.state == view.state] if view.state else [])]
    return Listing(
        _page(session, chosen, view, outdated),
        counts.get(view.state, 0) if view.state else sum(counts.values()),
        counts,
        sum(_counts(session, [*found, is_stale]).values()) if outdated else 0,
        session.scalars(select(func.count(Example.id)).where(Example.collection_id.in_(collections))).one(),
    )


def queue(session: Session, collections: Sequence[int], view: View) -> list[int]:
    """Ids of every example that `view` lets through, on whichever page, in its order."""
    chosen = [Example.collection_id.in_(collections), *_saying(view.text)]
    if view.state:
        chosen.append(Example.state == view.state)
    if view.stale:
        outdated = list(staleness.stale(session, collections))
        chosen.append(ExampleVersion.id == sa.any_(sa.cast(outdated, sa.ARRAY(sa.BigInteger))))
    ids = _joined(select(Example.id)).where(*chosen).order_by(*_order(view))
    return list(session.scalars(ids))


def counts(session: Session, collections: Sequence[int]) -> dict[ExampleState, int]:
    """How many examples of these collections are in each state; a state without any is left out."""
    return _counts(session, [Example.collection_id.in_(collections)])


def states(session: Session, collections: Sequence[int], ids: Sequence[int]) -> dict[int, ExampleState]:
    """Where each of these examples stands; those that are not in these collections are left out."""
    wanted = Example.id == sa.any_(sa.cast(list(ids), sa.ARRAY(sa.BigInteger)))
    rows = session.execute(select(Example.id, Example.state).where(wanted, Example.collection_id.in_(collections)))
    return {row.id: ExampleState(row.state) for row in rows}


def versions(session: Session, example_id: int) -> list[Version]:
    """The versions of an example, the latest first, with what reviewers said of each."""
    rows = session.execute(
        select(ExampleVersion, User.name)
        .outerjoin(User, User.id == ExampleVersion.user_id)
        .where(ExampleVersion.example_id == example_id)
        .order_by(ExampleVersion.number.desc())
    ).all()
    places = places_of(session, [version.id for version, _ in rows])
    said = _reviews(session, {version.id: version.user_id for version, _ in rows})
    return [
        Version(
            version.number,
            wording_of(version, places.get(version.id, ())),
            version.note,
            name,
            version.created_at,
            said.get(version.id, ()),
        )
        for version, name in rows
    ]


def _reviews(session: Session, authors: Mapping[int, int | None]) -> dict[int, list[Review]]:
    rows = session.execute(
        select(ExampleReview, User.name)
        .outerjoin(User, User.id == ExampleReview.user_id)
        .where(ExampleReview.example_version_id.in_(list(authors)))
        .order_by(ExampleReview.id)
    )
    found: dict[int, list[Review]] = {}
    for row, name in rows:
        own = row.user_id is not None and row.user_id == authors[row.example_version_id]
        review = Review(ExampleState(row.state), row.reason, name, row.created_at, own)
        found.setdefault(row.example_version_id, []).append(review)
    return found


QUESTION = ExampleVersion.prompt[-1]["content"].astext


def _saying(text: str) -> list[sa.ColumnElement[bool]]:
    if not text:
        return []
    columns = (QUESTION, ExampleVersion.completion, Example.key)
    return [sa.or_(*(column.icontains(text, autoescape=True) for column in columns))]


def _counts(session: Session, found: Sequence[sa.ColumnElement[bool]]) -> dict[ExampleState, int]:
    grouped = _joined(select(Example.state, func.count().label("number"))).where(*found).group_by(Example.state)
    return {ExampleState(row.state): row.number for row in session.execute(grouped)}


def _joined(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """From the examples with their latest versions."""
    latest = sa.and_(ExampleVersion.example_id == Example.id, ExampleVersion.number == Example.version)
    return statement.select_from(Example).join(ExampleVersion, latest)


def _order(view: View) -> list[Any]:
    author = aliased(User)
    columns: dict[Sort, Any] = {
        Sort.QUESTION: func.lower(QUESTION),
        Sort.ANSWER: func.lower(ExampleVersion.completion),
        Sort.STATE: Example.state,
        Sort.ORIGIN: Example.origin,
        Sort.VERSION: Example.version,
        Sort.PERSON: select(author.name).where(author.id == ExampleVersion.user_id).scalar_subquery(),
        Sort.CHANGED: Example.updated_at,
    }
    return in_order(columns[view.sort], Example.id.expression, descending=view.descending)


def _page(
    session: Session, chosen: Sequence[sa.ColumnElement[bool]], view: View, outdated: Mapping[int, Sequence[Stale]]
) -> list[Line]:
    reviewer = (
        select(ExampleReview.user_id)
        .where(ExampleReview.example_version_id == ExampleVersion.id)
        .order_by(ExampleReview.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = _joined(
        select(
            Example.id,
            Example.key,
            Collection.name.label("collection"),
            func.left(QUESTION, SHOWN_CHARACTERS).label("question"),
            func.left(ExampleVersion.completion, SHOWN_CHARACTERS).label("answer"),
            ExampleVersion.rejected.is_not(None).label("preference"),
            ExampleVersion.answerable,
            Example.state,
            Example.origin,
            Example.version,
            ExampleVersion.id.label("version_id"),
            User.name.label("person"),
            Example.updated_at.label("changed"),
            func.coalesce(reviewer == ExampleVersion.user_id, sa.false()).label("by_author"),
        )
    )
    every = (
        statement.join(Collection, Collection.id == Example.collection_id)
        .outerjoin(User, User.id == ExampleVersion.user_id)
        .where(*chosen)
        .order_by(*_order(view))
    )
    return [
        Line(**{**row._mapping, "state": ExampleState(row.state)}, stale=outdated.get(row.version_id, ()))
        for row in session.execute(page_of(every, view.page))
    ]
