"""budgets of projects and developers, and how long tasks run

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

_OBJECTS = (
    ('tasks', 'allowed'), ('gates', 'budgets'),
    ('projects', 'budget'), ('projects', 'task_budget'), ('developers', 'budget'),
)


def upgrade() -> None:
    op.execute("ALTER TYPE news_kind ADD VALUE IF NOT EXISTS 'budget_low'")
    for table, name in _OBJECTS:
        op.add_column(table, sa.Column(name, postgresql.JSONB(), nullable=True))
    for table in ('projects', 'developers'):
        op.add_column(table, sa.Column('budget_told', sa.Date(), nullable=True))
    op.add_column('tasks', sa.Column('running_since', sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE tasks SET running_since = now() WHERE status = 'running'")
    op.create_table('stints',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_stints_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stints'))
    )
    op.create_index('ix_stints_task', 'stints', ['task_id'], unique=False)
    op.create_index('ix_stints_project', 'stints', ['project_id', 'ended_at'], unique=False)
    op.create_index('ix_stints_developer', 'stints', ['developer_id', 'ended_at'], unique=False)


def downgrade() -> None:
    # An enum cannot lose a value: what has it goes, and its name stays.
    op.execute("DELETE FROM outbox WHERE kind::text = 'budget_low'")
    op.drop_table('stints')
    op.drop_column('tasks', 'running_since')
    for table in ('projects', 'developers'):
        op.drop_column(table, 'budget_told')
    for table, name in _OBJECTS:
        op.drop_column(table, name)
