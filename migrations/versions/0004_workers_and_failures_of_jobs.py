"""Workers by host, why a job failed, fair shares, and deaths counted apart from tries

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table('workers',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('host', sa.String(), nullable=False),
    sa.Column('pid', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['procrastinate_workers.id'], name=op.f('fk_workers_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workers'))
    )
    op.create_table('job_failures',
    sa.Column('job_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('error', sa.String(), nullable=False),
    sa.Column('tries', sa.BigInteger(), server_default='1', nullable=False),
    sa.Column('failed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['procrastinate_jobs.id'], name=op.f('fk_job_failures_job_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_job_failures'))
    )
    op.add_column('document_versions', sa.Column('deaths', sa.BigInteger(), server_default='0', nullable=False))
    # The last turn of a share, found without reading the jobs that wait.
    op.execute(
        "CREATE INDEX procrastinate_jobs_share ON procrastinate_jobs ((args->>'share'), priority) WHERE status = 'todo'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX procrastinate_jobs_share")
    op.drop_column('document_versions', 'deaths')
    op.drop_table('job_failures')
    op.drop_table('workers')
