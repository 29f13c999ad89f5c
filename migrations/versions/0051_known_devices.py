"""developers: which devices have signed in to their accounts

Revision ID: 0051
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

revision = '0051'
down_revision = '0050'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'developers',
        sa.Column('device_generation', sa.Integer(), server_default='1', nullable=False),
    )


def downgrade() -> None:
    op.drop_column('developers', 'device_generation')
