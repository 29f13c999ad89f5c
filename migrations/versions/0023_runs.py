"""which run of its stage an attempt is at, gates in the middle of a stage

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempts', sa.Column('run', sa.Integer(), server_default='0', nullable=False))
    op.add_column('gates', sa.Column('number', sa.Integer(), server_default='0', nullable=False))
    op.drop_constraint('pk_gates', 'gates', type_='primary')
    op.create_primary_key('pk_gates', 'gates', ['task_id', 'round', 'stage_index', 'number'])
    for kind in ('question', 'budget'):
        op.execute(f"ALTER TYPE gate_kind ADD VALUE IF NOT EXISTS '{kind}'")
    for reason in ('question', 'budget', 'quota'):
        op.execute(f"ALTER TYPE suspend_reason ADD VALUE IF NOT EXISTS '{reason}'")


# The enums keep their new values, for Postgres can take none away; but no row has them. A task that
# waits in the middle of a stage has a process that goes on without an answer.
def downgrade() -> None:
    op.execute("DELETE FROM gates WHERE number > 0")
    op.execute(
        "UPDATE tasks SET status = 'running', suspend_reason = NULL "
        "WHERE suspend_reason IN ('question', 'budget', 'quota')"
    )
    op.drop_constraint('pk_gates', 'gates', type_='primary')
    op.create_primary_key('pk_gates', 'gates', ['task_id', 'round', 'stage_index'])
    op.drop_column('gates', 'number')
    op.drop_column('attempts', 'run')
