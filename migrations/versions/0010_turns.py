"""whose turn it is among machines that are equals

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('machines', sa.Column('last_assigned_at', sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column('machines', 'last_assigned_at')
