"""What stands beside prompt and completion in a row: its id, passages, sources, and whatever else it holds."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from admin.training.conversations import is_turns
from admin.training.incoming import BadRow, loads
from chat.store.examples import Place, Wording

TEXTS = ("prompt", "completion", "chosen", "rejected")
CONVERSATIONS = (*TEXTS, "messages", "preferred_output", "non_preferred_output")
RECORDS = ("messages", "input", "preferred_output", "non_preferred_output", "passages", "sources", "extra")
KNOWN = {*TEXTS, *RECORDS, "id", "document", "answerable", "language"}
"""Columns with a meaning. Any other is kept as it is, in `extra`."""
YES, NO = ("true", "1", "yes"), ("false", "0", "no")
LONGEST_ID = 200


class PassageRow(BaseModel):
    """A passage that the answer saw."""

    model_config = ConfigDict(extra="forbid")

    document: str = ""
    section: str = ""
    text: str = Field(min_length=1)


class SourceRow(BaseModel):
    """A place in a document that the example was made from."""

    model_config = ConfigDict(extra="forbid")

    document: str = Field(min_length=1, max_length=1_000)
    version: int | None = Field(None, ge=1, lt=2**31)
    start: int | None = Field(None, ge=0, lt=2**31)
    end: int | None = Field(None, ge=0, lt=2**31)
    quote: str = ""


class Beside(BaseModel):
    """The columns beside the conversation."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str | None = Field(None, min_length=1, max_length=LONGEST_ID)
    document: str | None = Field(None, min_length=1, max_length=1_000)
    passages: list[PassageRow] = []
    sources: list[SourceRow] = []
    answerable: bool = True
    language: str | None = Field(None, max_length=35)
    extra: dict[str, Any] = {}

    @property
    def places(self) -> list[Place]:
        named = [Place(self.document)] if self.document else []
        return named + [Place(**source.model_dump()) for source in self.sources]


def beside(columns: Mapping[str, Any]) -> Beside:
    """The columns beside the conversation, checked. Raises `BadRow` in words."""
    held = {name: value for name, value in columns.items() if value is not None and name in Beside.model_fields}
    if not isinstance(held.get("extra", {}), Mapping):
        del held["extra"]
    try:
        return Beside.model_validate(held)
    except ValidationError as error:
        first = error.errors()[0]
        field = ", ".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        raise BadRow(f"“{field}”: {first['msg'][:1].lower()}{first['msg'][1:]}") from error


def extra_of(columns: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """What the row holds beside all that has a meaning; a record called `extra` is taken apart into it."""
    meant = used | {"id", "document", "passages", "sources", "answerable", "language"}
    kept = {name: value for name, value in columns.items() if name not in meant and name != "extra"}
    packed = columns.get("extra")
    if isinstance(packed, Mapping):
        return {**packed, **kept}
    return kept if packed is None else {**kept, "extra": packed}


def columns_beside(wording: Wording, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The columns beside the conversation; those that say nothing are left out."""
    columns: dict[str, Any] = {}
    if wording.passages:
        columns["passages"] = [dict(passage) for passage in wording.passages]
    if not wording.answerable:
        columns["answerable"] = False
    if wording.language is not None:
        columns["language"] = wording.language
    if wording.sources:
        columns |= _sources(wording.sources)
    plain = {name: value for name, value in extra.items() if name not in KNOWN and value is not None}
    packed = {name: value for name, value in extra.items() if name not in plain}
    return columns | plain | ({"extra": packed} if packed else {})


def flat(columns: Mapping[str, Any]) -> dict[str, str]:
    """The row with a text in each cell: records as JSON, and what is no text of an unknown column in `extra`."""
    odd = {name: value for name, value in columns.items() if name not in KNOWN and not _is_cell(name, value)}
    packed = {**odd, **columns.get("extra", {})}
    cells = {name: _cell(name, value) for name, value in columns.items() if name not in odd and name != "extra"}
    return cells | ({"extra": json.dumps(packed, ensure_ascii=False)} if packed else {})


def unflattened(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The row that `flat` made the cells of. Raises `BadRow`."""
    return {name: _value(name, cell) for name, cell in cells.items()}


def _is_cell(name: str, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and name == name.strip() != ""


def _cell(name: str, value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if name in TEXTS and _turns_in(value) is not None:
        role = "user" if name == "prompt" else "assistant"
        return json.dumps([{"role": role, "content": value}], ensure_ascii=False)
    return value


def _value(name: str, cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    if name in TEXTS:
        return _turns_in(cell) or cell
    if name in RECORDS:
        return loads(cell) if cell.lstrip()[:1] in ("[", "{") else cell
    if name == "answerable":
        return _yes_or_no(cell)
    return cell


def _turns_in(text: str) -> Any:
    """The turns that the text is JSON of, if it is."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if is_turns(found) and all("role" in turn for turn in found) else None


def _yes_or_no(cell: str) -> bool:
    if (said := cell.strip().lower()) not in (*YES, *NO):
        raise BadRow(f"“answerable” is {cell[:40]!r}; it is true or false")
    return said in YES


def _sources(places: Sequence[Place]) -> dict[str, Any]:
    """One document, where that is all that is known; else the places in full."""
    records = [_source(place) for place in places]
    return records[0] if [*map(set, records)] == [{"document"}] else {"sources": records}


def _source(place: Place) -> dict[str, Any]:
    held = {
        "document": place.document,
        "version": place.version,
        "start": place.start,
        "end": place.end,
        "quote": place.quote or None,
    }
    return {name: value for name, value in held.items() if value is not None}
