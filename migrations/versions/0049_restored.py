"""a server that was restored from a backup

Revision ID: 0049
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = '0049'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('server_identity', sa.Column('restored_at', sa.DateTime(timezone=True)))
    op.add_column('server_identity', sa.Column('awaits_until', sa.DateTime(timezone=True)))
    op.add_column(
        'server_identity',
        sa.Column('attempts_from', sa.Integer(), server_default='0', nullable=False),
    )
    op.add_column(
        'machines', sa.Column('is_awaited', sa.Boolean(), server_default='false', nullable=False)
    )


def downgrade() -> None:
    op.drop_column('machines', 'is_awaited')
    for name in ('attempts_from', 'awaits_until', 'restored_at'):
        op.drop_column('server_identity', name)
