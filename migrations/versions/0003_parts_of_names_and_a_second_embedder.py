"""The parts of names as keywords; room for the vectors of a second embedder

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

KEYWORDS = r"""
CREATE FUNCTION chunk_keywords(config regconfig, words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT to_tsvector(config, words) || to_tsvector(config, coalesce(string_agg(
        regexp_replace(
            regexp_replace(name[1], '([[:lower:][:digit:]])([[:upper:]])', '\1 \2', 'g'), '[^[:alnum:]]+', ' ', 'g'
        ), ' '), ''))
    FROM regexp_matches(words, '\w*[[:lower:]][[:upper:]]\w*|\w+(?:[./]\w+)+', 'g') AS found(name)
$$
"""
"""A name that is made of words, such as `readTable`, `rows.count` or `src/lib.rs`, is found by each of them too."""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    connection = op.get_bind()
    connection.exec_driver_sql(KEYWORDS)
    connection.exec_driver_sql("UPDATE chunks SET keywords = chunk_keywords(config, section || ' ' || text) WHERE live")
    op.add_column('chunks', sa.Column('embedding_beside', HALFVEC(), nullable=True))
    op.execute("ALTER TABLE chunks ALTER COLUMN embedding_beside SET STORAGE MAIN")
    op.add_column('installation', sa.Column('embedder_beside', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('installation', 'embedder_beside')
    op.drop_column('chunks', 'embedding_beside')
    op.get_bind().exec_driver_sql("UPDATE chunks SET keywords = to_tsvector(config, section || ' ' || text) WHERE live")
    op.execute("DROP FUNCTION chunk_keywords(regconfig, text)")
