"""Snapshots: frozen lists of example versions. They never change, and neither do the versions that they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import (
    Collection,
    Example,
    ExampleVersion,
    Run,
    Snapshot,
    SnapshotRow,
    Split,
    User,
)
from chat.store.wordings import Wording, places_of, wording_of


@dataclass(frozen=True)
class Frozen:
    """A version of an example as a snapshot holds it: a training example that never changes."""

    id: int
    """The example's."""
    key: str
    version_id: int
    number: int
    sha256: str
    wording: Wording
    split: Split


@dataclass(frozen=True)
class UsedBy:
    """A training run that learned from a snapshot."""

    run: int
    status: str


@dataclass(frozen=True)
class SnapshotLine:
    """A snapshot in the list. `settings` say how it was split and what was declared, `report` what the checks said."""

    id: int
    name: str
    collection: str
    sha256: str
    train: int
    validation: int
    settings: Mapping[str, Any]
    report: Mapping[str, Any]
    person: str | None
    created_at: datetime
    runs: Sequence[UsedBy]

    @property
    def rows(self) -> int:
        return self.train + self.validation


@dataclass(frozen=True)
class NewSnapshot:
    """A snapshot to be made: what is said of it, and the versions in the order of its file."""

    collection_id: int
    name: str
    sha256: str
    settings: Mapping[str, Any]
    report: Mapping[str, Any]
    rows: Sequence[tuple[int, Split]]
    """Ids of the example versions, and what each is for."""
    user_id: int | None


def check_name(session: Session, name: str) -> None:
    """Raise `InvalidInputError` where a snapshot cannot be called that, or one is already."""
    if session.scalars(select(Snapshot.id).where(Snapshot.name == name)).first() is not None:
        raise InvalidInputError(f"There is a snapshot {name} already. A snapshot never changes: take another name.")


def add(session: Session, new: NewSnapshot) -> Snapshot:
    """Keep a snapshot. Raises `InvalidInputError` where the name is taken or an example was deleted meanwhile."""
    check_name(session, new.name)
    made = Snapshot(
        collection_id=new.collection_id,
        name=new.name,
        sha256=new.sha256,
        settings=dict(new.settings),
        report=dict(new.report),
        user_id=new.user_id,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
            rows = [
                {"snapshot_id": made.id, "position": position, "example_version_id": version_id, "split": split}
                for position, (version_id, split) in enumerate(new.rows)
            ]
            session.execute(sa.insert(SnapshotRow), rows)
    except sa.exc.IntegrityError as error:
        raise InvalidInputError(
            "An example was deleted, or a snapshot of that name made, while the checks ran. Do it once more."
        ) from error
    return made


def named(session: Session, collections: Sequence[int], name: str) -> Snapshot:
    """The snapshot of that name, of one of these collections. Raises `NotFoundError` naming those that there are."""
    found = session.scalars(
        select(Snapshot).where(Snapshot.name == name, Snapshot.collection_id.in_(collections))
    ).one_or_none()
    if found is None:
        names = session.scalars(
            select(Snapshot.name).where(Snapshot.collection_id.in_(collections)).order_by(Snapshot.name)
        )
        known = ", ".join(names)
        raise NotFoundError(f"There is no snapshot {name!r}. There are: {known or 'none yet'}.")
    return found


def of_run(session: Session, run_id: int | None) -> Snapshot | None:
    """The snapshot that a training run learned from, if it is there."""
    return session.scalars(select(Snapshot).join(Run, Run.snapshot_id == Snapshot.id).where(Run.id == run_id)).first()


def frozen(session: Session, snapshot_id: int) -> list[Frozen]:
    """What a snapshot holds, in the order of its file."""
    rows = session.execute(
        select(Example.id, Example.key, ExampleVersion, SnapshotRow.split)
        .join(ExampleVersion, ExampleVersion.example_id == Example.id)
        .join(SnapshotRow, SnapshotRow.example_version_id == ExampleVersion.id)
        .where(SnapshotRow.snapshot_id == snapshot_id)
        .order_by(SnapshotRow.position)
    ).all()
    places = places_of(session, [version.id for _, _, version, _ in rows])
    return [
        Frozen(
            example_id,
            key,
            version.id,
            version.number,
            version.sha256,
            wording_of(version, places.get(version.id, ())),
            Split(split),
        )
        for example_id, key, version, split in rows
    ]


def listing(session: Session, collections: Sequence[int]) -> list[SnapshotLine]:
    """The snapshots of these collections, the newest first."""
    return _lines(session, Snapshot.collection_id.in_(collections))


def line(session: Session, snapshot_id: int) -> SnapshotLine:
    """One snapshot as the list shows it."""
    return _lines(session, Snapshot.id == snapshot_id)[0]


def remove(session: Session, snapshot: Snapshot) -> None:
    """Delete a snapshot; its examples stay. Raises `InvalidInputError` where a training run learned from it."""
    runs = session.scalars(select(Run.id).where(Run.snapshot_id == snapshot.id).order_by(Run.id)).all()
    if runs:
        named = ", ".join(map(str, runs))
        raise InvalidInputError(
            f"Training run {named} learned from {snapshot.name}: it stays, so that it can be shown what was learned. "
            "Delete the run first."
        )
    session.delete(snapshot)
    session.flush()


def _lines(session: Session, *which: sa.ColumnElement[bool]) -> list[SnapshotLine]:
    counts = (
        select(
            SnapshotRow.snapshot_id,
            func.count().filter(SnapshotRow.split == Split.TRAIN).label("train"),
            func.count().filter(SnapshotRow.split == Split.VALIDATION).label("validation"),
        )
        .group_by(SnapshotRow.snapshot_id)
        .subquery()
    )
    rows = session.execute(
        select(Snapshot, Collection.name, User.name, counts.c.train, counts.c.validation)
        .join(Collection, Collection.id == Snapshot.collection_id)
        .outerjoin(counts, counts.c.snapshot_id == Snapshot.id)
        .outerjoin(User, User.id == Snapshot.user_id)
        .where(*which)
        .order_by(Snapshot.id.desc())
    ).all()
    runs = _runs(session, [each.id for each, *_ in rows])
    return [
        SnapshotLine(
            each.id, each.name, collection, each.sha256, train or 0, validation or 0,
            each.settings, each.report, person, each.created_at, runs.get(each.id, ()),
        )
        for each, collection, person, train, validation in rows
    ]  # fmt: skip


def _runs(session: Session, snapshots: Sequence[int]) -> dict[int, list[UsedBy]]:
    found: dict[int, list[UsedBy]] = {}
    for run_id, status, snapshot_id in session.execute(
        select(Run.id, Run.status, Run.snapshot_id).where(Run.snapshot_id.in_(snapshots)).order_by(Run.id)
    ):
        found.setdefault(snapshot_id or 0, []).append(UsedBy(run_id, status))
    return found
