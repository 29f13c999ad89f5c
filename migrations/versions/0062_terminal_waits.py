"""record which stage waits for someone at its terminal

Revision ID: 0062
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0062'
down_revision = '0059'
branch_labels = None
depends_on = None

FITS_BEFORE = "the release before neither reads nor writes the new column, which can be null"


def upgrade():
    op.add_column(
        'attempts',
        sa.Column('terminal_wait', postgresql.JSONB(none_as_null=True)),
    )


def downgrade():
    op.drop_column('attempts', 'terminal_wait')
