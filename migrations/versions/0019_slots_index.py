"""the index of taken slots has their name

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER INDEX ix_attempts_seats RENAME TO ix_attempts_slots")


def downgrade() -> None:
    op.execute("ALTER INDEX ix_attempts_slots RENAME TO ix_attempts_seats")
