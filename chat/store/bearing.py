"""Where given words stand in the documents: in every version, whether it answers or not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chat.store.tables import FOLDERS

LONGEST = 2_000
"""Characters that are looked for."""
STEM = 4
"""Letters by which a chunk is picked before its words are compared: no inflection changes the first ones."""

HELD = sa.text("""
    WITH asked AS MATERIALIZED (
        SELECT config, array_agg(lexeme) AS lexemes
        FROM (SELECT DISTINCT config FROM chunks WHERE collection_id = ANY(:collections)) AS configs,
             unnest(tsvector_to_array(chunk_keywords(config, :words))) AS lexeme
        GROUP BY config
    ), near AS MATERIALIZED (
        SELECT id, config,
               tsvector_to_array(coalesce(keywords, chunk_keywords(config, section || ' ' || text))) AS words
        FROM chunks WHERE collection_id = ANY(:collections) AND lower(text) LIKE ANY(:stems)
    ), scored AS MATERIALIZED (
        SELECT near.id, (SELECT count(*) FROM unnest(asked.lexemes) AS lexeme WHERE lexeme = ANY(near.words))
                        / cast(cardinality(asked.lexemes) AS float) AS share
        FROM near JOIN asked USING (config)
    )
    SELECT chunks.id AS chunk_id, holder.document_id, chunks.collection_id,
           coalesce(contents.title, regexp_replace(holder.name, cast(:folders AS text), '')) AS document,
           holder.version, holder.version_live, holder.draft, holder.live_version, holder.made_at,
           chunks.live, chunks.disabled, chunks.page, chunks.section, chunks.text, scored.share
    FROM scored
    JOIN chunks USING (id)
    JOIN contents ON contents.id = chunks.content_id
    CROSS JOIN LATERAL (
        SELECT documents.id AS document_id, documents.name, versions.number AS version, versions.draft,
               versions.live AS version_live, versions.created_at AS made_at,
               (SELECT number FROM document_versions AS live WHERE live.document_id = documents.id AND live.live)
                   AS live_version
        FROM document_versions AS versions JOIN documents ON documents.id = versions.document_id
        WHERE versions.content_id = contents.id ORDER BY versions.live DESC, versions.number DESC LIMIT 1
    ) AS holder
    WHERE share > 0
    ORDER BY share DESC, chunks.live DESC, chunks.id LIMIT :most
""").bindparams(folders=FOLDERS)


@dataclass(frozen=True)
class Held:
    """A chunk that holds words that were looked for. `share` of them it has, from 0 to 1.

    `live`: it is searched; `live_version`: number of the version of its document that answers, where one does.
    """

    chunk_id: int
    document_id: int
    collection_id: int
    document: str
    version: int
    version_live: bool
    draft: bool
    live_version: int | None
    made_at: datetime
    live: bool
    disabled: bool
    page: int | None
    section: str
    text: str
    share: float


def holding(session: Session, collections: Sequence[int], words: str, most: int) -> list[Held]:
    """Up to `most` chunks of these collections, of all versions, that hold the most of the words, best first."""
    words = words.replace("\x00", "")[:LONGEST]
    stems = sorted(
        {f"%{word[:STEM]}%" for word in re.findall(r"\w+", words.lower()) if len(word) >= STEM or word.isdigit()}
    )
    scope = {"collections": list(collections), "words": words, "stems": stems, "most": most}
    return [Held(**row._mapping) for row in session.execute(HELD, scope)] if stems else []
