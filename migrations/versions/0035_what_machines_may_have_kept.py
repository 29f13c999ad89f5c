"""what machines may have kept of what they say, and which have said too much

Revision ID: 0035
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0035'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempts', sa.Column('kept_bytes', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('attempts', sa.Column('kept_most', sa.BigInteger(), nullable=True))
    op.add_column('machines', sa.Column('misbehaved', postgresql.JSONB(), server_default='[]', nullable=False))


def downgrade() -> None:
    op.drop_column('machines', 'misbehaved')
    for name in ('kept_most', 'kept_bytes'):
        op.drop_column('attempts', name)
