"""machines that take the server's release

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'machines', sa.Column('is_pinned', sa.Boolean(), server_default='false', nullable=False)
    )
    op.add_column('machines', sa.Column('upgrade', JSONB()))
    op.add_column(
        'machines', sa.Column('upgrades_told', JSONB(), server_default='{}', nullable=False)
    )


def downgrade() -> None:
    for name in ('upgrades_told', 'upgrade', 'is_pinned'):
        op.drop_column('machines', name)
