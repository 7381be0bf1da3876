"""The first schema

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from pgvector.sqlalchemy import HALFVEC
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    op.create_table('collections',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('greeting', sa.String(), server_default='', nullable=False),
    sa.Column('starters', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$' AND name NOT IN ('base', 'rag')", name=op.f('ck_collections_name')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collections')),
    sa.UniqueConstraint('name', name=op.f('uq_collections_name'))
    )
    op.create_table('installation',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('embedder', sa.String(), nullable=True),
    sa.Column('demo_loaded_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_installation_single_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_installation'))
    )
    op.create_table('users',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('name', name=op.f('uq_users_name'))
    )
    op.create_table('contents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('page_starts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('chunk_count', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('complete', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_contents_collection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contents'))
    )
    op.create_index('uq_contents_bytes', 'contents', ['collection_id', 'sha256', 'kind'], unique=True, postgresql_where=sa.text('complete'))
    op.create_table('conversations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_conversations_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversations'))
    )
    op.create_index('ix_conversations_recent', 'conversations', ['user_id', 'updated_at'], unique=False)
    op.create_table('documents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_documents_collection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_documents')),
    sa.UniqueConstraint('collection_id', 'name', name=op.f('uq_documents_collection_id_name'))
    )
    op.create_table('chunks',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('content_id', sa.BigInteger(), nullable=False),
    sa.Column('ordinal', sa.BigInteger(), nullable=False),
    sa.Column('start_char', sa.BigInteger(), nullable=False),
    sa.Column('end_char', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.BigInteger(), nullable=True),
    sa.Column('section', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('config', postgresql.REGCONFIG(), nullable=False),
    sa.Column('keywords', postgresql.TSVECTOR(), nullable=True),
    sa.Column('embedding', HALFVEC(384), nullable=False),
    sa.Column('live', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.CheckConstraint('0 <= start_char AND start_char < end_char', name=op.f('ck_chunks_span')),
    sa.CheckConstraint('NOT live OR keywords IS NOT NULL', name=op.f('ck_chunks_live_has_keywords')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_chunks_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['content_id'], ['contents.id'], name=op.f('fk_chunks_content_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chunks')),
    sa.UniqueConstraint('content_id', 'ordinal', name=op.f('uq_chunks_content_id_ordinal'))
    )
    op.create_index('ix_chunks_embedding', 'chunks', ['embedding'], unique=False, postgresql_using='hnsw', postgresql_with={'m': 16, 'ef_construction': 64}, postgresql_ops={'embedding': 'halfvec_cosine_ops'}, postgresql_where=sa.text('live'))
    op.create_index('ix_chunks_keywords', 'chunks', ['keywords'], unique=False, postgresql_using='gin', postgresql_where=sa.text('live'))
    op.create_index('ix_chunks_live', 'chunks', ['collection_id', 'config'], unique=False, postgresql_where=sa.text('live'))
    op.create_table('document_versions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(), server_default='queued', nullable=False),
    sa.Column('live', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('attempt', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('progress', sa.Double(), server_default='0', nullable=False),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('content_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f('ck_document_versions_failed_has_error')),
    sa.CheckConstraint("(status = 'ready') = (content_id IS NOT NULL)", name=op.f('ck_document_versions_ready_has_content')),
    sa.CheckConstraint("NOT live OR status = 'ready'", name=op.f('ck_document_versions_live_is_ready')),
    sa.CheckConstraint("status IN ('queued', 'processing', 'ready', 'failed')", name=op.f('ck_document_versions_status')),
    sa.CheckConstraint('progress BETWEEN 0 AND 1', name=op.f('ck_document_versions_progress')),
    sa.ForeignKeyConstraint(['content_id'], ['contents.id'], name=op.f('fk_document_versions_content_id')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_document_versions_document_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_versions')),
    sa.UniqueConstraint('document_id', 'number', name=op.f('uq_document_versions_document_id_number'))
    )
    op.create_index('ix_document_versions_content_id', 'document_versions', ['content_id'], unique=False)
    op.create_index('uq_document_versions_live', 'document_versions', ['document_id'], unique=True, postgresql_where=sa.text('live'))
    op.create_table('messages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('conversation_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('content', sa.String(), server_default='', nullable=False),
    sa.Column('status', sa.String(), server_default='complete', nullable=False),
    sa.Column('mode', sa.String(), nullable=True),
    sa.Column('refused', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('receipt', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f('ck_messages_role')),
    sa.CheckConstraint("status IN ('streaming', 'complete', 'stopped', 'failed')", name=op.f('ck_messages_status')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_messages_conversation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages'))
    )
    op.create_index('ix_messages_conversation', 'messages', ['conversation_id', 'position'], unique=False)
    op.create_table('citations',
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('marker', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=True),
    sa.Column('document', sa.String(), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('chunk_id', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.BigInteger(), nullable=True),
    sa.Column('start_char', sa.BigInteger(), nullable=False),
    sa.Column('end_char', sa.BigInteger(), nullable=False),
    sa.Column('quote', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_citations_message_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['document_versions.id'], name=op.f('fk_citations_version_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('message_id', 'marker', name=op.f('pk_citations'))
    )
    op.create_table('traces',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=True),
    sa.Column('question', sa.String(), nullable=False),
    sa.Column('searched', sa.String(), nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('retrieved', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('timings_ms', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_traces_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_traces')),
    sa.UniqueConstraint('message_id', name=op.f('uq_traces_message_id'))
    )
    # Kept inside the row: an exact search reads every vector of a small collection.
    op.execute("ALTER TABLE chunks ALTER COLUMN embedding SET STORAGE MAIN")
    op.execute("INSERT INTO installation (id) VALUES (1)")
    op.execute("INSERT INTO users (name) VALUES ('owner')")


def downgrade() -> None:
    raise CommandError("There is nothing before the first schema: drop the database instead.")
