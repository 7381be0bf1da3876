"""Which training examples no longer say what their documents say, and which adapters learned from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chat.store.tables import FOLDERS


@dataclass(frozen=True)
class Stale:
    """Why an example's version is stale: that document is `gone`, or `changed`."""

    document: str
    reason: str


STALE = sa.text(r"""
    WITH known AS MATERIALIZED (
        SELECT DISTINCT ON (collection_id, name) collection_id, name, id
        FROM (SELECT collection_id, name, id, 0 AS part FROM documents WHERE collection_id = ANY(:collections)
              UNION ALL
              SELECT collection_id, regexp_replace(name, cast(:folders AS text), ''), id, 1
              FROM documents WHERE collection_id = ANY(:collections)) AS names
        ORDER BY collection_id, name, part, id
    ), places AS (
        SELECT versions.id AS example_version_id, versions.created_at, places.document, places.version, places.quote,
               coalesce(places.document_id, known.id) AS document_id
        FROM examples
        JOIN example_versions AS versions
          ON versions.example_id = examples.id AND versions.number = examples.version
        JOIN example_sources AS places ON places.example_version_id = versions.id
        LEFT JOIN known ON places.document_id IS NULL
                       AND known.collection_id = examples.collection_id AND known.name = places.document
        WHERE examples.collection_id = ANY(:collections)
    ), moved AS (
        SELECT places.*, live.content_id
        FROM places
        JOIN document_versions AS live ON live.document_id = places.document_id AND live.live
        JOIN LATERAL (
            SELECT old.sha256, old.kind FROM document_versions AS old
            WHERE old.document_id = places.document_id
              AND (old.number = places.version OR (places.version IS NULL AND old.created_at <= places.created_at))
            ORDER BY old.number DESC LIMIT 1
        ) AS old ON (old.sha256, old.kind) <> (live.sha256, live.kind)
    ), texts AS MATERIALIZED (
        SELECT id, regexp_replace(text, '\s+', ' ', 'g') AS text
        FROM contents WHERE id IN (SELECT content_id FROM moved WHERE quote <> '')
    )
    SELECT example_version_id, document, 'gone' AS reason FROM places WHERE document_id IS NULL
    UNION
    SELECT example_version_id, document, 'changed' FROM moved LEFT JOIN texts ON texts.id = moved.content_id
    WHERE quote = '' OR position(regexp_replace(btrim(quote), '\s+', ' ', 'g') IN texts.text) = 0
    ORDER BY example_version_id, document
""").bindparams(folders=FOLDERS)
"""A quote is looked for whatever white space is between its words. A source that names no version was true to what the
document said when the example's version was made."""

LEARNED = sa.text("""
    SELECT DISTINCT versions.example_id, adapters.name
    FROM example_versions AS versions
    JOIN snapshot_rows ON snapshot_rows.example_version_id = versions.id AND snapshot_rows.split = 'train'
    JOIN runs ON runs.snapshot_id = snapshot_rows.snapshot_id
    JOIN adapters ON adapters.run_id = runs.id
    WHERE versions.example_id = ANY(:examples)
    ORDER BY versions.example_id, adapters.name
""")


def stale(session: Session, collections: Sequence[int]) -> Mapping[int, Sequence[Stale]]:
    """Why the latest versions of these collections' examples are stale, by the version's id; the others are left out.

    An example is stale when a document that it was made from is gone, or answers from another version in which its
    quote stands no more.
    """
    found: dict[int, list[Stale]] = {}
    for version_id, document, reason in session.execute(STALE, {"collections": list(collections)}):
        found.setdefault(version_id, []).append(Stale(document, reason))
    return found


def learned(session: Session, examples: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Names of the adapters that learned from any version of these examples, by the example's id."""
    found: dict[int, list[str]] = {}
    for example_id, name in session.execute(LEARNED, {"examples": list(examples)}):
        found.setdefault(example_id, []).append(name)
    return found
