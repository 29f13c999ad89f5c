"""what an attempt's agent has asked in the middle of its stage

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempts', sa.Column('question', postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column('attempts', 'question')
