"""Chunks: written in bulk, searched by meaning and by words.

Every search takes the ids of the collections that the asker may read and looks nowhere else; where it takes tags, only
at documents that have all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from pgvector import HalfVector
from sqlalchemy.orm import Session

from chat.store.session import raw_connection
from chat.store.tables import FOLDERS

EXACT_LIMIT = 5_000
"""Up to so many chunks, every vector is compared, which misses nothing."""
EXACT_AMONG = 10_000
"""Among more live chunks than this, up to `EXACT_LIMIT` times the root of how many times more.

Comparing all takes time in proportion to what the filter leaves, the graph in proportion to how much it takes away:
where 10 000 of 100 000 are left, 8 ms to 19 ms, and the two are even at 16 000 (benchmarks/filters.py).
"""
LANGUAGES = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}
"""Language of a document to its text-search configuration; any other is searched by its unstemmed words."""


@dataclass(frozen=True)
class NewChunk:
    """A chunk to be written. `start_char` and `end_char` point into the content's text."""

    ordinal: int
    start_char: int
    end_char: int
    page: int | None
    section: str
    text: str


@dataclass(frozen=True)
class Hit:
    """A chunk that one arm found: the first has the least cosine distance or the highest text rank."""

    chunk_id: int
    score: float


@dataclass(frozen=True)
class ChunkSource:
    """A live chunk and the document version that it stands in."""

    chunk_id: int
    document_id: int
    document: str
    version_id: int
    version: int
    page: int | None
    start_char: int
    end_char: int
    section: str
    text: str


def write(
    session: Session,
    collection_id: int,
    content_id: int,
    language: str | None,
    chunks: Iterable[NewChunk],
    vectors: np.ndarray,
    beside: np.ndarray | None = None,
) -> None:
    """Add chunks, not yet live, by binary COPY.

    `vectors` is float, (chunks, embedding width); so is `beside`, by the other embedder, where there is one.
    """
    connection = raw_connection(session)
    config = connection.execute(
        "SELECT cast(%s AS regconfig)::oid", [LANGUAGES.get(language or "", "simple")]
    ).fetchone()
    assert config is not None
    numbers = "collection_id, content_id, ordinal, start_char, end_char, page"
    columns = f"{numbers}, section, text, config, embedding, embedding_beside"
    others = [None] * len(vectors) if beside is None else map(HalfVector, beside)
    with connection.cursor().copy(f"COPY chunks ({columns}) FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types([*["int8"] * 6, "text", "text", "oid", "halfvec", "halfvec"])
        for chunk, vector, other in zip(chunks, map(HalfVector, vectors), others, strict=True):
            place = (collection_id, content_id, chunk.ordinal, chunk.start_char, chunk.end_char, chunk.page)
            copy.write_row((*place, chunk.section, chunk.text, config[0], vector, other))


INSIDE = "live AND collection_id = ANY(:collections)"
TAGGED = """ IN (
    SELECT versions.content_id FROM document_versions AS versions
    JOIN documents ON documents.id = versions.document_id AND versions.live
    WHERE documents.collection_id = ANY(:collections) AND documents.tags @> cast(:tags AS varchar[])
)"""
"""Of a content's id: that a document with all these tags answers from it."""


def _statements(written: str, *, streamed: bool = False) -> dict[bool, sa.TextClause]:
    """A search without tags and, under True, one with them.

    `streamed`: the tags only pass or stop what an index finds in its own order, which a join would lose.
    """
    tagged = f"(content_id{TAGGED}) IS TRUE" if streamed else f"content_id{TAGGED}"
    return {False: sa.text(written), True: sa.text(written.replace(INSIDE, f"{INSIDE} AND {tagged}"))}


FEW = _statements("""
    WITH graph AS (SELECT max(reltuples) AS size FROM pg_class WHERE oid = to_regclass('ix_chunks_embedding')),
         bound AS MATERIALIZED (SELECT cast(:limit * sqrt(greatest(1, size / :among)) AS bigint) AS most FROM graph)
    SELECT count(*) <= (SELECT most FROM bound) FROM (
        SELECT FROM chunks WHERE live AND collection_id = ANY(:collections) LIMIT (SELECT most + 1 FROM bound)
    ) AS counted
""")
"""Whether so few chunks are to be searched that each is compared."""
SIZE = _statements("SELECT count(*) FROM chunks WHERE live AND collection_id = ANY(:collections)")
NEAREST_EXACT = """
    SELECT id, embedding <=> cast(:vector AS halfvec) AS distance
    FROM chunks WHERE live AND collection_id = ANY(:collections)
    ORDER BY (embedding <=> cast(:vector AS halfvec)) + 0, id LIMIT :depth
"""
"""The addition keeps it from the graph; a materialised list of the vectors would be written to disk."""
NEAREST_INDEXED = """
    WITH nearest AS MATERIALIZED (
        SELECT id, embedding <=> cast(:vector AS halfvec) AS distance
        FROM chunks WHERE live AND collection_id = ANY(:collections)
        ORDER BY embedding <=> cast(:vector AS halfvec) LIMIT :depth
    )
    SELECT id, distance FROM nearest ORDER BY distance + 0, id
"""
NEAREST = {
    (True, False): _statements(NEAREST_EXACT),
    (False, False): _statements(NEAREST_INDEXED, streamed=True),
    (True, True): _statements(NEAREST_EXACT.replace("embedding", "embedding_beside")),
    (False, True): _statements(NEAREST_INDEXED.replace("embedding", "embedding_beside"), streamed=True),
}
"""By whether it is exact, and whether the vectors beside are searched."""
MATCHING = _statements(r"""
    WITH configs AS MATERIALIZED (
        SELECT config FROM unnest(cast(:configs AS regconfig[])) AS config
        WHERE EXISTS (
            SELECT FROM chunks WHERE live AND collection_id = ANY(:collections) AND chunks.config = config.config
        ) OR config IN (SELECT chunks.config FROM chunks WHERE content_id = ANY(:drafts))
    ), lexemes AS MATERIALIZED (
        SELECT config, row_number() OVER () AS number,
               cast('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' AS tsquery) AS query
        FROM configs, unnest(tsvector_to_array(chunk_keywords(config, :words))) AS lexeme
    ), question AS MATERIALIZED (
        SELECT config, cast(string_agg(cast(query AS text), '|') AS tsquery) AS query FROM lexemes GROUP BY config
    ), found AS MATERIALIZED (
        SELECT id, chunks.config, ts_filter(keywords, '{a,b,c,d}') AS keywords
        FROM question JOIN chunks ON keywords @@ query AND chunks.config = question.config
        WHERE live AND collection_id = ANY(:collections)
        UNION ALL
        SELECT id, drafted.config, drafted.keywords FROM question JOIN (
            SELECT id, config, chunk_keywords(config, section || ' ' || text) AS keywords FROM chunks
            WHERE content_id = ANY(:drafts) AND collection_id = ANY(:collections) AND NOT disabled AND NOT live
        ) AS drafted ON drafted.keywords @@ query AND drafted.config = question.config
    ), hits AS MATERIALIZED (
        SELECT id, number, ts_rank(keywords, query) / (1 + ln(length(keywords))) AS frequency
        FROM found JOIN lexemes ON lexemes.config = found.config AND keywords @@ query
    ), rarities AS MATERIALIZED (
        SELECT number, ln(1 + :size / cast(count(*) AS float)) AS rarity FROM hits GROUP BY number
    )
    SELECT id, round(cast(sum(frequency * rarity) AS numeric), 9) AS score
    FROM hits JOIN rarities USING (number)
    GROUP BY id ORDER BY score DESC, id LIMIT :depth
""")
"""Term frequency, saturated, times rarity, over the logarithm of the length: BM25 in the functions that Postgres has.

`ts_rank` of one word found n times is the sum of 1/i² up to n, which is BM25's saturation with k1 = 0.65. `ts_filter`
with all weights changes nothing: it unpacks the keywords once, not once for each word of the question.
"""
SOURCES = sa.text("""
    SELECT chunks.id AS chunk_id, holder.document_id,
           coalesce(contents.title, regexp_replace(holder.name, cast(:folders AS text), '')) AS document,
           holder.version_id, holder.version, page, start_char, end_char, section, chunks.text
    FROM unnest(cast(:ids AS bigint[])) WITH ORDINALITY AS wanted(id, rank)
    JOIN chunks ON chunks.id = wanted.id AND live AND chunks.collection_id = ANY(:collections)
    JOIN contents ON contents.id = chunks.content_id
    CROSS JOIN LATERAL (
        SELECT documents.id AS document_id, documents.name, versions.id AS version_id, versions.number AS version
        FROM document_versions AS versions JOIN documents ON documents.id = versions.document_id
        WHERE versions.content_id = contents.id AND versions.live AND documents.tags @> cast(:tags AS varchar[])
        ORDER BY documents.id LIMIT 1
    ) AS holder
    ORDER BY rank
""").bindparams(folders=FOLDERS)


def nearest(
    session: Session,
    collections: Sequence[int],
    vector: np.ndarray,
    depth: int,
    *,
    tags: Sequence[str] = (),
    beside: bool = False,
) -> list[Hit]:
    """The `depth` live chunks of least cosine distance to `vector`, nearest first; `score` is the similarity.

    Exact where the collections are small, for what there is; otherwise by the HNSW index, read on until `depth` rows
    pass the filter.
    With `beside`, among the vectors of the other embedder, whose `vector` then is, too.
    """
    scope = _scope(collections, tags)
    few = session.execute(FEW[bool(tags)], scope | {"limit": EXACT_LIMIT, "among": EXACT_AMONG}).scalar_one()
    statement = NEAREST[few, beside][bool(tags)]
    rows = session.execute(statement, scope | {"vector": HalfVector(vector), "depth": depth})
    return [Hit(row.id, 1.0 - row.distance) for row in rows]


def matching(
    session: Session,
    collections: Sequence[int],
    words: str,
    depth: int,
    drafts: Sequence[int] = (),
    *,
    tags: Sequence[str] = (),
) -> list[Hit]:
    """The `depth` live chunks that share any word with `words`, those with many and rare ones of them first.

    The chunks of the contents `drafts` are searched as if they were live.

    The words are OR-ed: with AND, most questions match nothing at all. How rare a word is, is counted among the
    chunks that `collections` have, so nobody's ranking tells of what they may not read.
    """
    scope = _scope(collections, tags)
    rows = session.execute(
        MATCHING[bool(tags)],
        scope
        | {
            "size": session.execute(SIZE[bool(tags)], scope).scalar_one(),
            "words": words,
            "configs": ["simple", *LANGUAGES.values()],
            "drafts": list(drafts),
            "depth": depth,
        },
    )
    return [Hit(row.id, float(row.score)) for row in rows]


def sources(
    session: Session, collections: Sequence[int], chunk_ids: Sequence[int], *, tags: Sequence[str] = ()
) -> list[ChunkSource]:
    """What `chunk_ids` say and where they stand, in the order given; those that are not live any more are left out."""
    rows = session.execute(SOURCES, {"collections": list(collections), "tags": list(tags), "ids": list(chunk_ids)})
    return [ChunkSource(**row._mapping) for row in rows]


def _scope(collections: Sequence[int], tags: Sequence[str]) -> dict[str, object]:
    return {"collections": list(collections)} | ({"tags": list(tags)} if tags else {})
