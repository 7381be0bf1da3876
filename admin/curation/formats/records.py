"""JSON: each record of a list, and each field of an object, as words that can be found and understood alone."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, document
from admin.curation.formats.text import decode

TITLES = ("title", "name")
PARAGRAPH = 600
"""Characters beyond which the fields of a record stand on lines of their own."""


def read_json(data: bytes) -> ParsedDocument:
    """Return the records of a list; of an object, what each of its fields holds under the field's name."""
    text = decode(data)
    try:
        value = json.loads(text) if text.strip() else ""
        title = value.get(TITLES[0]) or value.get(TITLES[1]) if isinstance(value, dict) else None
        text = "\n\n".join(_parts(value))
    except json.JSONDecodeError as error:
        raise UnreadableDocument(f"Line {error.lineno} is not JSON ({error.msg}). Mend it there.") from error
    except ValueError as error:
        raise UnreadableDocument(f"This file holds a number that is too long to be read ({error}).") from error
    except RecursionError as error:
        raise UnreadableDocument("This file is nested too deeply. Save it as plain text.") from error
    return document(text, title if isinstance(title, str) else None)


def read_jsonl(data: bytes) -> ParsedDocument:
    """Return one record a line; blank lines do not count."""
    parts = []
    for number, line in enumerate(decode(data).split("\n"), 1):
        try:
            if line.strip():
                parts.append(_record(json.loads(line)))
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
            raise UnreadableDocument(f"Line {number} is not JSON ({reason}). Each line must be one record.") from error
    return document("\n\n".join(part for part in parts if part))


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from filter(None, map(_record, value))
    elif isinstance(value, dict):
        flat = {name: inner for name, inner in value.items() if not isinstance(inner, dict | list)}
        yield from filter(None, [_record(flat)])
        for name, inner in value.items():
            if name not in flat and inner:
                yield f"## {' '.join(name.split())}"
                yield from _parts(inner) if isinstance(inner, list) else filter(None, [_record(inner)])
    else:
        yield _word(value)


def _record(value: Any) -> str:
    """Return a record as `field: value, inner.field: value`; a long one has a line for each field."""
    if not isinstance(value, dict | list):
        return _word(value)
    fields = [f"{name}: {word}" for name, word in _fields(value, "") if word]
    together = ", ".join(fields)
    return together if len(together) <= PARAGRAPH else "\n".join(fields)


def _fields(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, words) of everything below `value`; a list of words is one field."""
    if isinstance(value, Mapping):
        yield from chain.from_iterable(
            _fields(inner, f"{path}.{name}" if path else name) for name, inner in value.items()
        )
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        yield from chain.from_iterable(_fields(inner, f"{path} {n}".strip()) for n, inner in enumerate(value, 1))
    elif isinstance(value, list):
        yield path or "values", ", ".join(filter(None, map(_word, value)))
    else:
        yield path, _word(value)


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip() if isinstance(value, str) else json.dumps(value)
