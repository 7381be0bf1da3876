"""Training examples: added, worded anew, reviewed. What an example says is in its versions, which never change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.questions import NAMED
from chat.store.tables import (
    Collection,
    Example,
    ExampleOrigin,
    ExampleReview,
    ExampleState,
    ExampleVersion,
)
from chat.store.wordings import Place, Wording, content_sha256, places_of, source_of, version_of, wording_of

__all__ = [
    "Imported",
    "Kept",
    "NewExample",
    "Place",
    "Wording",
    "add",
    "content_sha256",
    "get",
    "kept",
    "of_collection",
    "put",
    "remove",
    "review",
    "revise",
    "those",
]


@dataclass(frozen=True)
class NewExample:
    """An example to be kept under its key, which is unique in the collection."""

    key: str
    wording: Wording


@dataclass(frozen=True)
class Kept:
    """An example in its latest version, `number`."""

    id: int
    key: str
    collection_id: int
    state: ExampleState
    origin: ExampleOrigin
    number: int
    version_id: int
    sha256: str
    wording: Wording
    user_id: int | None
    """Who made this version."""
    made_at: datetime


@dataclass(frozen=True)
class Imported:
    """What putting examples changed: ids of the new ones, ids of those worded anew, and how many were so already."""

    added: Sequence[int]
    revised: Sequence[int]
    unchanged: int


def add(
    session: Session,
    collection_id: int,
    wording: Wording,
    *,
    origin: ExampleOrigin = ExampleOrigin.MANUAL,
    state: ExampleState = ExampleState.DRAFT,
    key: str | None = None,
    user_id: int | None = None,
) -> int:
    """Keep a new example, in its first version. Returns its id. Raises `InvalidInputError` for a key that is taken."""
    _lock(session, collection_id)
    key = key or _free_key(session, collection_id)
    if _of_keys(session, collection_id, [key]):
        raise InvalidInputError(f"There is an example {key!r} already. Give this one another id, or change that one.")
    return _add(session, collection_id, [NewExample(key, wording)], origin, state, user_id)[0]


def put(
    session: Session,
    collection_id: int,
    new: Sequence[NewExample],
    *,
    origin: ExampleOrigin = ExampleOrigin.IMPORT,
    user_id: int | None = None,
) -> Imported:
    """Keep examples under their keys: those that are new, and those that say something else, as a new version."""
    _lock(session, collection_id)
    linked = _linked(session, collection_id, new)
    known = _of_keys(session, collection_id, [each.key for each in linked])
    changed = [each for each in linked if each.key in known and not known[each.key].wording.says(each.wording)]
    added = _add(
        session, collection_id, [each for each in linked if each.key not in known], origin, ExampleState.DRAFT, user_id
    )
    _revise(session, [(known[each.key], each.wording) for each in changed], user_id)
    revised = [known[each.key].id for each in changed]
    return Imported(added, revised, len(linked) - len(added) - len(revised))


def revise(
    session: Session,
    example: Kept,
    wording: Wording,
    *,
    user_id: int | None = None,
    note: str = "",
) -> bool:
    """Word an example anew, as a version that nobody has reviewed yet. False where it says the very same already."""
    if example.wording.says(wording):
        return False
    _revise(session, [(example, wording)], user_id, note)
    return True


def review(
    session: Session, examples: Iterable[Kept], state: ExampleState, *, reason: str = "", user_id: int | None = None
) -> None:
    """Put on record what a reviewer says of these examples' latest versions; from now on they are in that state."""
    chosen = list(examples)
    session.add_all(
        ExampleReview(example_version_id=each.version_id, state=state, reason=reason, user_id=user_id)
        for each in chosen
    )
    session.execute(
        sa.update(Example)
        .where(Example.id.in_([each.id for each in chosen]))
        .values(state=state, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.flush()


def remove(session: Session, examples: Iterable[Kept]) -> None:
    """Delete examples with every version. Raises `InvalidInputError` where a snapshot holds one."""
    ids = [each.id for each in examples]
    try:
        session.execute(sa.delete(Example).where(Example.id.in_(ids)))
    except sa.exc.IntegrityError as error:
        raise InvalidInputError(
            "A snapshot holds an example that was to be deleted. Delete the snapshot first, or reject the example."
        ) from error


def get(session: Session, collections: Sequence[int], example_id: int, *, lock: bool = False) -> Kept:
    """The example, if it is in one of these collections. Raises `NotFoundError`."""
    if lock:
        session.execute(select(Example.id).where(Example.id == example_id).with_for_update())
    found = kept(session, Example.id == example_id, Example.collection_id.in_(collections))
    if not found:
        raise NotFoundError("This example is not there any more. Reload the page to see what is.")
    return found[0]


def those(session: Session, collections: Sequence[int], ids: Sequence[int]) -> list[Kept]:
    """Those of these examples that are in one of these collections, in the order they came."""
    return kept(session, Example.id.in_(ids), Example.collection_id.in_(collections))


def of_collection(session: Session, collection_id: int, *states: ExampleState) -> list[Kept]:
    """The collection's examples in these states, or in whichever, in the order they came."""
    wanted = Example.state.in_(states) if states else sa.true()
    return kept(session, Example.collection_id == collection_id, wanted)


def kept(session: Session, *which: sa.ColumnElement[bool]) -> list[Kept]:
    """Examples with their latest versions, in the order they came. `which` are conditions on `Example`."""
    rows = session.execute(
        select(Example, ExampleVersion)
        .join(
            ExampleVersion, sa.and_(ExampleVersion.example_id == Example.id, ExampleVersion.number == Example.version)
        )
        .where(*which)
        .order_by(Example.id)
        .execution_options(populate_existing=True)
    ).all()
    places = places_of(session, [version.id for _, version in rows])
    return [_kept(example, version, places.get(version.id, ())) for example, version in rows]


def _kept(example: Example, version: ExampleVersion, places: Sequence[Place]) -> Kept:
    return Kept(
        id=example.id,
        key=example.key,
        collection_id=example.collection_id,
        state=ExampleState(example.state),
        origin=ExampleOrigin(example.origin),
        number=version.number,
        version_id=version.id,
        sha256=version.sha256,
        wording=wording_of(version, places),
        user_id=version.user_id,
        made_at=version.created_at,
    )


def _lock(session: Session, collection_id: int) -> None:
    """One at a time adds to a collection: keys are given out, and looked up, by one writer."""
    session.execute(select(Collection.id).where(Collection.id == collection_id).with_for_update(key_share=True))


def _of_keys(session: Session, collection_id: int, keys: Sequence[str]) -> dict[str, Kept]:
    wanted = func.unnest(sa.cast(list(keys), sa.ARRAY(sa.String))).column_valued("wanted")
    found = kept(session, Example.collection_id == collection_id, Example.key.in_(select(wanted)))
    return {each.key: each for each in found}


def _linked(session: Session, collection_id: int, new: Sequence[NewExample]) -> list[NewExample]:
    """The same examples, whose places know the documents of their names, where those are there."""
    names = {place.document for each in new for place in each.wording.sources if place.document_id is None}
    if not names:
        return list(new)
    rows = session.execute(NAMED, {"collection": collection_id, "names": sorted(names)})
    ids = {name: document_id for name, document_id in rows}  # noqa: C416 - rows are not pairs to the type checker

    def linked(place: Place) -> Place:
        return replace(place, document_id=place.document_id or ids.get(place.document))

    return [
        replace(each, wording=replace(each.wording, sources=[linked(place) for place in each.wording.sources]))
        for each in new
    ]


def _add(
    session: Session,
    collection_id: int,
    new: Sequence[NewExample],
    origin: ExampleOrigin,
    state: ExampleState,
    user_id: int | None,
) -> list[int]:
    made = [
        Example(collection_id=collection_id, key=each.key, state=state, origin=origin, version=1, user_id=user_id)
        for each in new
    ]
    session.add_all(made)
    session.flush()
    numbered = [(example.id, 1, each.wording) for example, each in zip(made, new, strict=True)]
    _write(session, numbered, user_id)
    return [example.id for example in made]


def _revise(session: Session, changed: Sequence[tuple[Kept, Wording]], user_id: int | None, note: str = "") -> None:
    for example, _ in changed:
        session.execute(
            sa.update(Example)
            .where(Example.id == example.id)
            .values(version=example.number + 1, state=ExampleState.DRAFT, updated_at=func.now())
        )
    _write(session, [(example.id, example.number + 1, wording) for example, wording in changed], user_id, note)


def _write(session: Session, numbered: Sequence[tuple[int, int, Wording]], user_id: int | None, note: str = "") -> None:
    versions = [version_of(example_id, number, wording, user_id, note) for example_id, number, wording in numbered]
    session.add_all(versions)
    session.flush()
    session.add_all(
        source_of(version.id, place)
        for version, (_, _, wording) in zip(versions, numbered, strict=True)
        for place in wording.sources
    )
    session.flush()


def _free_key(session: Session, collection_id: int) -> str:
    """A key that no example of the collection has, such as `e12`."""
    last = session.scalars(
        select(func.max(sa.cast(func.substr(Example.key, 2), sa.BigInteger))).where(
            Example.collection_id == collection_id, Example.key.regexp_match("^e[0-9]{1,9}$")
        )
    ).one()
    return f"e{(last or 0) + 1}"
