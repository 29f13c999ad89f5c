"""what this server is called, so that browsers can tell it from others on its host

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('server_identity',
    sa.Column('is_only', sa.Boolean(), nullable=False),
    sa.Column('id', sa.String(), nullable=False),
    sa.CheckConstraint('is_only', name=op.f('ck_server_identity_one')),
    sa.PrimaryKeyConstraint('is_only', name=op.f('pk_server_identity'))
    )


def downgrade() -> None:
    op.drop_table('server_identity')
