"""follow-ups

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None

STATE = postgresql.ENUM('queued', 'started', 'withdrawn', name='follow_up_state', create_type=False)


def upgrade() -> None:
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'followed_up' BEFORE 'requeued'")
    STATE.create(op.get_bind())
    op.create_table('follow_ups',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=True),
    sa.Column('state', STATE, nullable=False),
    sa.Column('instruction', sa.String(), nullable=False),
    sa.Column('from_stage', sa.Integer(), nullable=False),
    sa.Column('review_id', sa.BigInteger(), nullable=True),
    sa.Column('created_by', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['developers.id'], name=op.f('fk_follow_ups_created_by')),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_follow_ups_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_ups')),
    sa.UniqueConstraint('task_id', 'number', name=op.f('uq_follow_ups_task_id_number'))
    )
    op.create_index('ix_follow_ups_queued', 'follow_ups', ['task_id', 'number'], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.add_column('tasks', sa.Column('follow_up', sa.Integer(), nullable=True))
    op.add_column('tasks', sa.Column('follow_ups_queued', sa.Integer(), server_default='0', nullable=False))
    op.create_index('ix_tasks_follow_ups', 'tasks', ['id'], unique=False, postgresql_where=sa.text('follow_ups_queued > 0'))


def downgrade() -> None:
    op.drop_index('ix_tasks_follow_ups', table_name='tasks')
    op.drop_column('tasks', 'follow_ups_queued')
    op.drop_column('tasks', 'follow_up')
    op.drop_table('follow_ups')
    STATE.drop(op.get_bind())
