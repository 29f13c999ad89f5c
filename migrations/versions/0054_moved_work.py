"""a question about work that was changed outside Muster

Revision ID: 0054
Revises: 0053
"""

from alembic import op

revision = '0054'
down_revision = '0053'
branch_labels = None
depends_on = None

FITS_BEFORE = 'no row has the new kind until the new release asks such a question'


def upgrade() -> None:
    # A new value of an enum cannot be used in the transaction that adds it; here none is.
    op.execute("ALTER TYPE gate_kind ADD VALUE IF NOT EXISTS 'checkpoint'")


# The enum keeps its new value, for Postgres can take none away; but no row has it. What waits for an
# answer is tried again, and fails where its work is still another.
def downgrade() -> None:
    asked = "SELECT task_id FROM gates WHERE kind = 'checkpoint' AND answered_at IS NULL"
    op.execute(f"""
        UPDATE tasks SET status = 'queued', suspend_reason = NULL
        WHERE status = 'suspended' AND suspend_reason = 'gate' AND id IN ({asked})
    """)
    op.execute("DELETE FROM gates WHERE kind = 'checkpoint'")
