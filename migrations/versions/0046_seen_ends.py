"""tasks: whether their creator has seen how they ended

Revision ID: 0046
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('tasks', sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_tasks_unseen', 'tasks', ['created_by', 'status', 'finished_at'],
                    postgresql_where=sa.text(
                        "seen_at IS NULL AND status IN ('completed', 'failed')"))


def downgrade() -> None:
    op.drop_index('ix_tasks_unseen', 'tasks')
    op.drop_column('tasks', 'seen_at')
