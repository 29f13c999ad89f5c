"""what a task may use before a person is asked

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('tasks', sa.Column('budget', postgresql.JSONB(), nullable=True))
    op.add_column('tasks', sa.Column('grants', sa.Integer(), server_default='0', nullable=False))
    op.add_column('tasks', sa.Column('warned_at', sa.Integer(), nullable=True))
    op.add_column('attempts', sa.Column('suspends', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column('attempts', 'suspends')
    for name in ('warned_at', 'grants', 'budget'):
        op.drop_column('tasks', name)
