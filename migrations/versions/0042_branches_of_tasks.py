"""branches of tasks

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new value of an enum cannot be used in the transaction that adds it; here none is.
    op.execute("ALTER TYPE gate_kind ADD VALUE IF NOT EXISTS 'branch'")
    op.add_column('projects', sa.Column('branch_name', sa.String(), nullable=False,
                                        server_default='muster/{id}'))
    op.add_column('tasks', sa.Column('branch_name', sa.String(), nullable=True))
    op.add_column('tasks', sa.Column('branch_commit', sa.String(), nullable=True))
    op.add_column('attempts', sa.Column('pushes', sa.Integer(), nullable=False,
                                        server_default='0'))
    op.add_column('attempts', sa.Column('pushed_commit', sa.String(), nullable=True))
    op.add_column('gates', sa.Column('branch', postgresql.JSONB(astext_type=sa.Text()),
                                     nullable=True))


# The enum keeps its new value, for Postgres can take none away; but no row has it. What waits for an
# answer pushes its attempt's branch alone.
def downgrade() -> None:
    asked = "SELECT task_id FROM gates WHERE kind = 'branch' AND answered_at IS NULL"
    op.execute(f"""
        UPDATE attempts SET phase = 'publish'
        WHERE phase = 'gate' AND ended_at IS NULL AND task_id IN ({asked})
    """)
    op.execute(f"""
        UPDATE tasks SET status = 'assigned', suspend_reason = NULL
        WHERE status = 'suspended' AND suspend_reason = 'gate' AND id IN ({asked})
    """)
    op.execute("DELETE FROM gates WHERE kind = 'branch'")
    for table, name in (('gates', 'branch'), ('attempts', 'pushed_commit'), ('attempts', 'pushes'),
                        ('tasks', 'branch_commit'), ('tasks', 'branch_name'),
                        ('projects', 'branch_name')):
        op.drop_column(table, name)
