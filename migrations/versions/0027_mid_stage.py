"""attempts that wait in the middle of a stage, and tasks that wait for their agent's account

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

_ON_QUOTA = postgresql.ENUM('wait', 'fail', name='on_quota', create_type=False)


def upgrade() -> None:
    op.add_column('attempts', sa.Column('mid_stage', sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ('partial', 'quota'):
        op.add_column('tasks', sa.Column(name, postgresql.JSONB(), nullable=True))
    op.add_column('tasks', sa.Column('resume_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_tasks_resume', 'tasks', ['resume_at'], postgresql_where=sa.text('resume_at IS NOT NULL'))
    _ON_QUOTA.create(op.get_bind())
    for column, default in (
        (sa.Column('on_quota', _ON_QUOTA, nullable=False, server_default='wait'), None),
        (sa.Column('quota_minutes', sa.Integer(), nullable=False, server_default='1440'), None),
        (sa.Column('quota_elsewhere', sa.Boolean(), nullable=False, server_default=sa.false()), None),
    ):
        op.add_column('projects', column)
        op.alter_column('projects', column.name, server_default=default)


# Tasks that wait in the middle of a stage go on with the next slot of their machines.
def downgrade() -> None:
    op.execute("UPDATE attempts SET phase = 'run', run = run + 1 WHERE mid_stage AND phase = 'gate'")
    op.execute("UPDATE gates SET answered_at = now() WHERE kind = 'budget' AND answered_at IS NULL")
    op.execute(
        "UPDATE tasks SET status = 'assigned', suspend_reason = NULL "
        "WHERE suspend_reason IN ('budget', 'quota')"
    )
    for name in ('quota_elsewhere', 'quota_minutes', 'on_quota'):
        op.drop_column('projects', name)
    _ON_QUOTA.drop(op.get_bind())
    op.drop_index('ix_tasks_resume', table_name='tasks')
    for name in ('resume_at', 'quota', 'partial'):
        op.drop_column('tasks', name)
    op.drop_column('attempts', 'mid_stage')
