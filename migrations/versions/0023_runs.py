"""which run of its stage an attempt is at

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


def downgrade() -> None:
    op.drop_column('attempts', 'run')
