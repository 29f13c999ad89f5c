"""how agents are to run, and whether a project's tasks have to change something

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('projects', sa.Column('agent_options', postgresql.JSONB(), nullable=True))
    op.add_column('projects', sa.Column('require_change', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column('projects', 'require_change', server_default=None)
    op.add_column('tasks', sa.Column('agent_options', postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column('tasks', 'agent_options')
    op.drop_column('projects', 'require_change')
    op.drop_column('projects', 'agent_options')
