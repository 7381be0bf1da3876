"""What a training example says, as a value and as rows: its turns, its answer, and where it was made from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chat.store.tables import ExampleSource, ExampleVersion

Turn = Mapping[str, Any]
"""A turn of a prompt: its `role`, user or assistant, and its `content`."""


@dataclass(frozen=True)
class Place:
    """A place in a document that an example was made from. Without a version, only the document is known."""

    document: str
    document_id: int | None = None
    version: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str = ""


@dataclass(frozen=True)
class Wording:
    """What an example says: the turns before the completion, oldest first, the last of them the user's.

    `passages` are {"document", "section", "text"} in the prompt's order; `rejected` is the worse completion of a
    preference; `extra` is what an imported row held beside all that.
    """

    prompt: Sequence[Turn]
    completion: str
    rejected: str | None = None
    passages: Sequence[Mapping[str, Any]] = ()
    answerable: bool = True
    language: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Place] = ()

    @property
    def question(self) -> str:
        """The last thing that the user said."""
        return str(self.prompt[-1]["content"])

    @property
    def sha256(self) -> str:
        return content_sha256(self.prompt, self.completion, self.rejected, self.passages, self.answerable)

    def says(self, other: "Wording") -> bool:
        """Whether the other one says the very same, in what is kept beside the content, too."""
        return _canonical(self) == _canonical(other)


def content_sha256(
    prompt: Sequence[Turn],
    completion: str,
    rejected: str | None = None,
    passages: Sequence[Mapping[str, Any]] = (),
    answerable: bool = True,
) -> str:
    """sha256 of the canonical JSON of what an example says: keys sorted, no white space, characters as they are."""
    content = {
        "prompt": [dict(turn) for turn in prompt],
        "completion": completion,
        "rejected": rejected,
        "passages": [dict(passage) for passage in passages],
        "answerable": answerable,
    }
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def places_of(session: Session, version_ids: Sequence[int]) -> dict[int, list[Place]]:
    """Where these versions of examples were made from; one that is from nowhere is left out."""
    found: dict[int, list[Place]] = {}
    wanted = func.unnest(sa.cast(list(version_ids), sa.ARRAY(sa.BigInteger))).column_valued("wanted")
    for row in session.scalars(
        select(ExampleSource).where(ExampleSource.example_version_id.in_(select(wanted))).order_by(ExampleSource.id)
    ):
        place = Place(row.document, row.document_id, row.version, row.start_char, row.end_char, row.quote)
        found.setdefault(row.example_version_id, []).append(place)
    return found


def wording_of(version: ExampleVersion, places: Sequence[Place]) -> Wording:
    """What a version says, given where it was made from."""
    return Wording(
        prompt=version.prompt,
        completion=version.completion,
        rejected=version.rejected,
        passages=version.passages,
        answerable=version.answerable,
        language=version.language,
        extra=version.extra,
        sources=places,
    )


def version_of(example_id: int, number: int, wording: Wording, user_id: int | None, note: str) -> ExampleVersion:
    return ExampleVersion(
        example_id=example_id,
        number=number,
        prompt=[dict(turn) for turn in wording.prompt],
        completion=wording.completion,
        rejected=wording.rejected,
        passages=[dict(passage) for passage in wording.passages],
        answerable=wording.answerable,
        language=wording.language,
        extra=dict(wording.extra),
        sha256=wording.sha256,
        note=note,
        user_id=user_id,
    )


def source_of(version_id: int, place: Place) -> ExampleSource:
    return ExampleSource(
        example_version_id=version_id,
        document_id=place.document_id,
        document=place.document,
        version=place.version,
        start_char=place.start,
        end_char=place.end,
        quote=place.quote,
    )


def _canonical(wording: Wording) -> tuple[object, ...]:
    """All that an example says. A place is the same whether or not its document is there just now."""
    places = [(place.document, place.version, place.start, place.end, place.quote) for place in wording.sources]
    return wording.sha256, wording.language, dict(wording.extra), places
