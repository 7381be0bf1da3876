"""Adapters and who answers with which, training examples and runs, evaluations, feedback, keys, audit

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column('users', sa.Column('password', sa.String(), nullable=True))
    op.create_table('sign_ins',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('browser', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_sign_ins_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_ins')),
    sa.UniqueConstraint('sha256', name=op.f('uq_sign_ins_sha256'))
    )
    op.create_index(op.f('ix_sign_ins_user_id'), 'sign_ins', ['user_id'], unique=False)
    op.create_table('sign_in_failures',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_failures'))
    )
    op.create_index(op.f('ix_sign_in_failures_address'), 'sign_in_failures', ['address'], unique=False)
    op.create_index(op.f('ix_sign_in_failures_name'), 'sign_in_failures', ['name'], unique=False)
    op.create_table('invitations',
    sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_invitations_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('sha256', name=op.f('uq_invitations_sha256'))
    )
    op.create_table('identities',
    sa.Column('issuer', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_identities_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_identities'))
    )
    op.create_index(op.f('ix_identities_user_id'), 'identities', ['user_id'], unique=False)
    op.create_table('audit',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('person', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('origin', sa.String(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    op.create_table('accepted_findings',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('check', sa.String(), nullable=False),
    sa.Column('finding', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_accepted_findings_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_accepted_findings_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accepted_findings')),
    sa.UniqueConstraint('collection_id', 'finding', name=op.f('uq_accepted_findings_collection_id_finding'))
    )
    op.create_table('api_keys',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('start', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('scopes', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_api_keys_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('sha256', name=op.f('uq_api_keys_sha256'))
    )
    op.create_index(op.f('ix_api_keys_user_id'), 'api_keys', ['user_id'], unique=False)
    op.create_table('examples',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('state', sa.String(), server_default='draft', nullable=False),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('version', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("origin IN ('rated', 'manual', 'import', 'document')", name=op.f('ck_examples_origin')),
    sa.CheckConstraint("state IN ('draft', 'approved', 'rejected', 'needs work')", name=op.f('ck_examples_state')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_examples_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_examples_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_examples')),
    sa.UniqueConstraint('collection_id', 'key', name=op.f('uq_examples_collection_id_key'))
    )
    op.create_index('ix_examples_state', 'examples', ['collection_id', 'state', 'id'], unique=False)
    op.create_table('question_sets',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('questions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f('ck_question_sets_name')),
    sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f('ck_question_sets_sha256')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_question_sets_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_question_sets_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_sets')),
    sa.UniqueConstraint('collection_id', 'name', 'number', name=op.f('uq_question_sets_collection_id_name_number'))
    )
    op.create_table('snapshots',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f('ck_snapshots_name')),
    sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f('ck_snapshots_sha256')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_snapshots_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_snapshots_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_snapshots')),
    sa.UniqueConstraint('name', name=op.f('uq_snapshots_name'))
    )
    op.create_table('votes',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=True),
    sa.Column('question', sa.String(), nullable=False),
    sa.Column('first', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('second', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('winner', sa.String(), nullable=False),
    sa.Column('blind', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("winner IN ('first', 'second', 'tie', 'neither')", name=op.f('ck_votes_winner')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_votes_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_votes_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_votes'))
    )
    op.create_table('evaluations',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('question_set_id', sa.BigInteger(), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('arms', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('status', sa.String(), server_default='queued', nullable=False),
    sa.Column('wanted', sa.String(), nullable=True),
    sa.Column('done', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('total', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('digest', sa.String(), nullable=True),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f('ck_evaluations_failed_has_error')),
    sa.CheckConstraint("status IN ('queued', 'running', 'stopped', 'finished', 'failed')", name=op.f('ck_evaluations_status')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_evaluations_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['question_set_id'], ['question_sets.id'], name=op.f('fk_evaluations_question_set_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_evaluations_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluations'))
    )
    op.create_table('example_versions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('example_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('prompt', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('completion', sa.String(), nullable=False),
    sa.Column('rejected', sa.String(), nullable=True),
    sa.Column('passages', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('answerable', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('extra', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('note', sa.String(), server_default='', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f('ck_example_versions_sha256')),
    sa.ForeignKeyConstraint(['example_id'], ['examples.id'], name=op.f('fk_example_versions_example_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_example_versions_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_example_versions')),
    sa.UniqueConstraint('example_id', 'number', name=op.f('uq_example_versions_example_id_number'))
    )
    op.create_table('runs',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('snapshot_id', sa.BigInteger(), nullable=True),
    sa.Column('collection_id', sa.BigInteger(), nullable=False),
    sa.Column('preset', sa.String(), nullable=False),
    sa.Column('base', sa.String(), nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('device', sa.String(), server_default='cpu', nullable=False),
    sa.Column('status', sa.String(), server_default='queued', nullable=False),
    sa.Column('wanted', sa.String(), nullable=True),
    sa.Column('step', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('steps', sa.BigInteger(), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('record', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f('ck_runs_failed_has_error')),
    sa.CheckConstraint("status IN ('queued', 'running', 'paused', 'finished', 'failed', 'stopped')", name=op.f('ck_runs_status')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_runs_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['snapshot_id'], ['snapshots.id'], name=op.f('fk_runs_snapshot_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_runs_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_runs'))
    )
    op.create_index('uq_runs_device', 'runs', ['device'], unique=True, postgresql_where=sa.text("status = 'running'"))
    op.create_table('adapters',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('base', sa.String(), nullable=False),
    sa.Column('revision', sa.String(), nullable=True),
    sa.Column('rank', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('run_id', sa.BigInteger(), nullable=True),
    sa.Column('card', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('fingerprint', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f('ck_adapters_digest')),
    sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$' AND name NOT IN ('base', 'rag')", name=op.f('ck_adapters_name')),
    sa.CheckConstraint("origin IN ('import', 'training', 'bundled')", name=op.f('ck_adapters_origin')),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], name=op.f('fk_adapters_run_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_adapters_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_adapters')),
    sa.UniqueConstraint('digest', name=op.f('uq_adapters_digest')),
    sa.UniqueConstraint('name', name=op.f('uq_adapters_name'))
    )
    op.create_table('evaluation_answers',
    sa.Column('evaluation_id', sa.BigInteger(), nullable=False),
    sa.Column('arm', sa.String(), nullable=False),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('refused', sa.Boolean(), nullable=False),
    sa.Column('citations', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('retrieved', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('measures', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('timings_ms', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('receipt', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluations.id'], name=op.f('fk_evaluation_answers_evaluation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('evaluation_id', 'arm', 'position', name=op.f('pk_evaluation_answers'))
    )
    op.create_table('example_reviews',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('example_version_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), server_default='', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'approved', 'rejected', 'needs work')", name=op.f('ck_example_reviews_state')),
    sa.ForeignKeyConstraint(['example_version_id'], ['example_versions.id'], name=op.f('fk_example_reviews_example_version_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_example_reviews_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_example_reviews'))
    )
    op.create_index(op.f('ix_example_reviews_example_version_id'), 'example_reviews', ['example_version_id'], unique=False)
    op.create_table('example_sources',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('example_version_id', sa.BigInteger(), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=True),
    sa.Column('document', sa.String(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=True),
    sa.Column('start_char', sa.BigInteger(), nullable=True),
    sa.Column('end_char', sa.BigInteger(), nullable=True),
    sa.Column('quote', sa.String(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_example_sources_document_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['example_version_id'], ['example_versions.id'], name=op.f('fk_example_sources_example_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_example_sources'))
    )
    op.create_index('ix_example_sources_document_id', 'example_sources', ['document_id'], unique=False)
    op.create_index(op.f('ix_example_sources_example_version_id'), 'example_sources', ['example_version_id'], unique=False)
    op.create_table('feedback',
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('rating', sa.SmallInteger(), nullable=False),
    sa.Column('reasons', postgresql.ARRAY(sa.String()), server_default='{}', nullable=False),
    sa.Column('comment', sa.String(), server_default='', nullable=False),
    sa.Column('correction', sa.String(), server_default='', nullable=False),
    sa.Column('state', sa.String(), server_default='open', nullable=False),
    sa.Column('actions', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("state IN ('open', 'done', 'dismissed')", name=op.f('ck_feedback_state')),
    sa.CheckConstraint('rating IN (-1, 1)', name=op.f('ck_feedback_rating')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_feedback_message_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_feedback_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('message_id', name=op.f('pk_feedback'))
    )
    op.create_index('ix_feedback_state', 'feedback', ['state', 'updated_at'], unique=False)
    op.create_table('snapshot_rows',
    sa.Column('snapshot_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('example_version_id', sa.BigInteger(), nullable=False),
    sa.Column('split', sa.String(), nullable=False),
    sa.CheckConstraint("split IN ('train', 'validation')", name=op.f('ck_snapshot_rows_split')),
    sa.ForeignKeyConstraint(['example_version_id'], ['example_versions.id'], name=op.f('fk_snapshot_rows_example_version_id')),
    sa.ForeignKeyConstraint(['snapshot_id'], ['snapshots.id'], name=op.f('fk_snapshot_rows_snapshot_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('snapshot_id', 'position', name=op.f('pk_snapshot_rows'))
    )
    op.create_index(op.f('ix_snapshot_rows_example_version_id'), 'snapshot_rows', ['example_version_id'], unique=False)
    op.create_table('promotions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('collection_id', sa.BigInteger(), nullable=True),
    sa.Column('adapter_id', sa.BigInteger(), nullable=True),
    sa.Column('adapter', sa.String(), nullable=True),
    sa.Column('digest', sa.String(), nullable=True),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('share', sa.Double(), nullable=True),
    sa.Column('before_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), server_default='', nullable=False),
    sa.Column('overridden', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('person', sa.String(), server_default='', nullable=False),
    sa.Column('signature', sa.String(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("stage <> 'canary' OR coalesce(share > 0 AND share < 1, false)", name=op.f('ck_promotions_canary_has_share')),
    sa.CheckConstraint("stage = 'ended' OR digest IS NULL OR adapter_id IS NOT NULL", name=op.f('ck_promotions_what_answers_exists')),
    sa.CheckConstraint("stage IN ('live', 'canary', 'ended')", name=op.f('ck_promotions_stage')),
    sa.CheckConstraint('(adapter_id IS NULL) OR (digest IS NOT NULL)', name=op.f('ck_promotions_adapter_has_digest')),
    sa.ForeignKeyConstraint(['adapter_id'], ['adapters.id'], name=op.f('fk_promotions_adapter_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['before_id'], ['promotions.id'], name=op.f('fk_promotions_before_id')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_promotions_collection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_promotions_user_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_promotions'))
    )
    op.create_index('uq_promotions_canary', 'promotions', [sa.literal_column('coalesce(collection_id, 0)')], unique=True, postgresql_where=sa.text("stage = 'canary'"))
    op.create_index('uq_promotions_live', 'promotions', [sa.literal_column('coalesce(collection_id, 0)')], unique=True, postgresql_where=sa.text("stage = 'live'"))
    op.add_column('installation', sa.Column('gate', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('collections', sa.Column('gate', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('messages', sa.Column('adapter', sa.String(), nullable=True))
    op.create_index('ix_messages_adapter', 'messages', ['adapter', 'created_at'], unique=False, postgresql_where=sa.text('adapter IS NOT NULL'))
    op.add_column('messages', sa.Column('parent_id', sa.Uuid(), nullable=True))
    op.execute('''
        UPDATE messages SET parent_id = ordered.before
        FROM (SELECT id, lag(id) OVER (PARTITION BY conversation_id ORDER BY position) AS before FROM messages) ordered
        WHERE ordered.id = messages.id
    ''')
    op.create_unique_constraint(op.f('uq_messages_conversation_id_id'), 'messages', ['conversation_id', 'id'])
    op.create_index('ix_messages_conversation_id_parent_id', 'messages', ['conversation_id', 'parent_id'], unique=False)
    op.create_foreign_key(op.f('fk_messages_conversation_id_parent_id'), 'messages', 'messages', ['conversation_id', 'parent_id'], ['conversation_id', 'id'], ondelete='CASCADE')
    op.add_column('conversations', sa.Column('leaf_id', sa.Uuid(), nullable=True))
    op.execute('''
        UPDATE conversations SET leaf_id =
            (SELECT id FROM messages WHERE conversation_id = conversations.id ORDER BY position DESC LIMIT 1)
    ''')
    op.create_index(op.f('ix_conversations_leaf_id'), 'conversations', ['leaf_id'], unique=False)
    op.create_foreign_key(op.f('fk_conversations_leaf_id'), 'conversations', 'messages', ['leaf_id'], ['id'], ondelete='SET NULL')
    op.create_table('shares',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('conversation_id', sa.Uuid(), nullable=False),
    sa.Column('leaf_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id', 'leaf_id'], ['messages.conversation_id', 'messages.id'], name=op.f('fk_shares_conversation_id_leaf_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shares')),
    sa.UniqueConstraint('conversation_id', 'leaf_id', name=op.f('uq_shares_conversation_id_leaf_id'))
    )
    op.add_column('contents', sa.Column('warnings', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False))
    op.add_column('contents', sa.Column('superseded', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.drop_index('uq_contents_bytes', table_name='contents')
    op.create_index('uq_contents_bytes', 'contents', ['collection_id', 'sha256', 'kind'], unique=True, postgresql_where=sa.text('complete AND NOT superseded'))
    op.add_column('document_versions', sa.Column('afresh', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.execute('''
        CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END$$
    ''')
    op.execute('''
        CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    ''')


def downgrade() -> None:
    op.execute("UPDATE contents SET sha256 = sha256 || ' before ' || id WHERE superseded")
    op.drop_column('document_versions', 'afresh')
    op.drop_index('uq_contents_bytes', table_name='contents')
    op.create_index('uq_contents_bytes', 'contents', ['collection_id', 'sha256', 'kind'], unique=True, postgresql_where=sa.text('complete'))
    op.drop_column('contents', 'superseded')
    op.drop_column('contents', 'warnings')
    op.drop_table('shares')
    op.drop_constraint(op.f('fk_conversations_leaf_id'), 'conversations', type_='foreignkey')
    op.drop_index(op.f('ix_conversations_leaf_id'), table_name='conversations')
    op.drop_column('conversations', 'leaf_id')
    op.drop_constraint(op.f('fk_messages_conversation_id_parent_id'), 'messages', type_='foreignkey')
    op.drop_index('ix_messages_conversation_id_parent_id', table_name='messages')
    op.drop_constraint(op.f('uq_messages_conversation_id_id'), 'messages', type_='unique')
    op.drop_column('messages', 'parent_id')
    op.drop_index('ix_messages_adapter', table_name='messages', postgresql_where=sa.text('adapter IS NOT NULL'))
    op.drop_column('messages', 'adapter')
    op.drop_column('collections', 'gate')
    op.drop_column('installation', 'gate')
    op.drop_index('uq_promotions_live', table_name='promotions', postgresql_where=sa.text("stage = 'live'"))
    op.drop_index('uq_promotions_canary', table_name='promotions', postgresql_where=sa.text("stage = 'canary'"))
    op.drop_table('promotions')
    op.drop_index(op.f('ix_snapshot_rows_example_version_id'), table_name='snapshot_rows')
    op.drop_table('snapshot_rows')
    op.drop_index('ix_feedback_state', table_name='feedback')
    op.drop_table('feedback')
    op.drop_index(op.f('ix_example_sources_example_version_id'), table_name='example_sources')
    op.drop_index('ix_example_sources_document_id', table_name='example_sources')
    op.drop_table('example_sources')
    op.drop_index(op.f('ix_example_reviews_example_version_id'), table_name='example_reviews')
    op.drop_table('example_reviews')
    op.drop_table('evaluation_answers')
    op.drop_table('adapters')
    op.drop_index('uq_runs_device', table_name='runs', postgresql_where=sa.text("status = 'running'"))
    op.drop_table('runs')
    op.drop_table('example_versions')
    op.drop_table('evaluations')
    op.drop_table('votes')
    op.drop_table('snapshots')
    op.drop_table('question_sets')
    op.drop_index('ix_examples_state', table_name='examples')
    op.drop_table('examples')
    op.drop_index(op.f('ix_api_keys_user_id'), table_name='api_keys')
    op.drop_table('api_keys')
    op.drop_table('accepted_findings')
    op.drop_table('audit')
    op.execute('DROP FUNCTION audit_is_append_only()')
    op.drop_table('identities')
    op.drop_table('invitations')
    op.drop_table('sign_in_failures')
    op.drop_table('sign_ins')
    op.drop_column('users', 'password')
