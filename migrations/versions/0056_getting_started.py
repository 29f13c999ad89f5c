"""getting started, and passwords to change

Revision ID: 0056
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

revision = '0056'
down_revision = '0055'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        'server_identity',
        sa.Column('getting_started_dismissed_at', sa.TIMESTAMP(timezone=True), nullable=True),
    )
    op.add_column(
        'developers',
        sa.Column(
            'must_change_password', sa.Boolean(), server_default=sa.text('false'), nullable=False
        ),
    )


def downgrade():
    op.drop_column('developers', 'must_change_password')
    op.drop_column('server_identity', 'getting_started_dismissed_at')
