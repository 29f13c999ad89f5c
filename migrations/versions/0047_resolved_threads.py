"""threads that are resolved are events

Revision ID: 0047
Revises: 0046
"""

from alembic import op

revision = '0047'
down_revision = '0046'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'resolved' BEFORE 'log'")
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'reopened' BEFORE 'log'")


def downgrade() -> None:
    pass  # a value of an enum cannot be taken out, and does no harm
