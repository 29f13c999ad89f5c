"""evidence: keys that sign it, and chains of logs whose time is over

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('evidence_keys',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('is_current', sa.Boolean(), nullable=True),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('private_key', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('is_current', name=op.f('ck_evidence_keys_current')),
    sa.CheckConstraint('(is_current IS NULL) = (retired_at IS NOT NULL)',
                       name=op.f('ck_evidence_keys_retired')),
    sa.CheckConstraint('(is_current IS NULL) = (private_key IS NULL)',
                       name=op.f('ck_evidence_keys_private')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_keys')),
    sa.UniqueConstraint('is_current', name=op.f('uq_evidence_keys_is_current'))
    )
    op.create_table('log_chains',
    sa.Column('task_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('attempt', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kept', sa.BigInteger(), nullable=False),
    sa.Column('gaps', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('head', sa.LargeBinary(), nullable=False),
    sa.Column('links', sa.LargeBinary(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'],
                            name=op.f('fk_log_chains_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'attempt', name=op.f('pk_log_chains'))
    )
    op.add_column('attempts', sa.Column('log_taken_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_attempts_logs', 'attempts', ['ended_at'],
                    postgresql_where=sa.text('log_taken_at IS NULL'))


def downgrade() -> None:
    op.drop_index('ix_attempts_logs', 'attempts')
    op.drop_column('attempts', 'log_taken_at')
    op.drop_table('log_chains')
    op.drop_table('evidence_keys')
