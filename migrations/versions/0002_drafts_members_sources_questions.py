"""Drafts, edits, tags, members, sources, labelled questions, retrieval settings

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table('collection_members',
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("role IN ('reader', 'curator', 'owner')", name=op.f('ck_collection_members_role')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_collection_members_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_collection_members_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('collection_id', 'user_id', name=op.f('pk_collection_members'))
    )
    op.create_table('questions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('answers', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('answerable', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('type', sa.String(), server_default='', nullable=False),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('follows', sa.String(), nullable=True),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_questions_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_questions_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_questions')),
    sa.UniqueConstraint('collection_id', 'key', name=op.f('uq_questions_collection_id_key'))
    )
    op.create_table('retrieval_revisions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('scores', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('note', sa.String(), server_default='', nullable=False),
    sa.Column('live', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_retrieval_revisions_number')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_retrieval_revisions_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_retrieval_revisions_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retrieval_revisions')),
    sa.UniqueConstraint('collection_id', 'number', name=op.f('uq_retrieval_revisions_collection_id_number'))
    )
    op.create_index('uq_retrieval_revisions_live', 'retrieval_revisions', ['collection_id'], unique=True, postgresql_where=sa.text('live'))
    op.create_table('sources',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('places', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('every_minutes', sa.BigInteger(), nullable=True),
    sa.Column('synced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_sync_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("kind IN ('folder', 'urls', 'sitemap')", name=op.f('ck_sources_kind')),
    sa.CheckConstraint('every_minutes IS NULL OR every_minutes > 0', name=op.f('ck_sources_every_minutes')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_sources_collection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sources')),
    sa.UniqueConstraint('collection_id', 'name', name=op.f('uq_sources_collection_id_name'))
    )
    op.create_table('question_passages',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('question_id', sa.BigInteger(), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=True),
    sa.Column('document', sa.String(), nullable=False),
    sa.Column('quote', sa.String(), server_default='', nullable=False),
    sa.Column('relevant', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_question_passages_document_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['question_id'], ['questions.id'], name=op.f('fk_question_passages_question_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_passages'))
    )
    op.create_index('ix_question_passages_question_id', 'question_passages', ['question_id'], unique=False)
    op.create_table('source_items',
    sa.Column('source_id', sa.BigInteger(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=True),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('etag', sa.String(), nullable=True),
    sa.Column('modified', sa.String(), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_source_items_document_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['source_id'], ['sources.id'], name=op.f('fk_source_items_source_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('source_id', 'place', name=op.f('pk_source_items'))
    )
    op.create_index('ix_source_items_document_id', 'source_items', ['document_id'], unique=False)
    op.add_column('chunks', sa.Column('disabled', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('collections', sa.Column('open', sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column('document_versions', sa.Column('draft', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('document_versions', sa.Column('note', sa.String(), server_default='', nullable=False))
    op.add_column('documents', sa.Column('owner_id', sa.BigInteger(), nullable=True))
    op.add_column('documents', sa.Column('tags', postgresql.ARRAY(sa.String()), server_default='{}', nullable=False))
    op.create_foreign_key(op.f('fk_documents_owner_id'), 'documents', 'users', ['owner_id'], ['id'], ondelete='SET NULL')
    op.add_column('users', sa.Column('role', sa.String(), server_default='asker', nullable=False))
    op.add_column('users', sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint('draft_is_not_live', 'document_versions', 'NOT (live AND draft)')
    op.create_check_constraint('disabled_is_not_live', 'chunks', 'NOT (live AND disabled)')
    op.create_check_constraint('role', 'users', "role IN ('asker', 'curator', 'trainer', 'approver', 'owner')")
    op.execute("UPDATE users SET role = 'owner' WHERE name = 'owner'")


def downgrade() -> None:
    op.drop_constraint(op.f('ck_users_role'), 'users', type_='check')
    op.drop_constraint(op.f('ck_chunks_disabled_is_not_live'), 'chunks', type_='check')
    op.drop_constraint(op.f('ck_document_versions_draft_is_not_live'), 'document_versions', type_='check')
    op.drop_column('users', 'disabled_at')
    op.drop_column('users', 'role')
    op.drop_constraint(op.f('fk_documents_owner_id'), 'documents', type_='foreignkey')
    op.drop_column('documents', 'tags')
    op.drop_column('documents', 'owner_id')
    op.drop_column('document_versions', 'note')
    op.drop_column('document_versions', 'draft')
    op.drop_column('collections', 'open')
    op.drop_column('chunks', 'disabled')
    op.drop_index('ix_source_items_document_id', table_name='source_items')
    op.drop_table('source_items')
    op.drop_index('ix_question_passages_question_id', table_name='question_passages')
    op.drop_table('question_passages')
    op.drop_table('sources')
    op.drop_index('uq_retrieval_revisions_live', table_name='retrieval_revisions', postgresql_where=sa.text('live'))
    op.drop_table('retrieval_revisions')
    op.drop_table('questions')
    op.drop_table('collection_members')
