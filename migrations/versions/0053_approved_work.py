"""what an attempt's work is at, and which of it people have approved

Revision ID: 0053
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = '0053'
down_revision = '0052'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempts', sa.Column('work', JSONB()))
    op.add_column('gates', sa.Column('approved', JSONB()))


def downgrade() -> None:
    op.drop_column('gates', 'approved')
    op.drop_column('attempts', 'work')
