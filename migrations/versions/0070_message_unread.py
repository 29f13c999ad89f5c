"""notifications of messages to agents that may be unread

Revision ID: 0070
Revises: 0069
"""

from alembic import op

revision = '0070'
down_revision = '0069'
branch_labels = None
depends_on = None

FITS_BEFORE = "it adds only a kind of notifications, which needs messages of people to agents"


def upgrade() -> None:
    op.execute("ALTER TYPE notification_type ADD VALUE IF NOT EXISTS 'message_unread'")


def downgrade() -> None:
    # A type can't lose a value, so the column gets another type.
    op.execute("DELETE FROM outbox WHERE kind = 'message_unread'")
    op.execute('ALTER TYPE notification_type RENAME TO notification_type_0070')
    op.execute(
        "CREATE TYPE notification_type AS ENUM "
        "('gate_opened', 'gate_expired', 'gate_answered', 'gate_withdrawn', 'task_completed', "
        "'task_failed', 'task_cancelled', 'machine_lost', 'egress_refused', 'budget_low', "
        "'reviewed', 'commented')"
    )
    op.execute(
        'ALTER TABLE outbox ALTER COLUMN kind '
        'TYPE notification_type USING kind::text::notification_type'
    )
    op.execute('DROP TYPE notification_type_0070')
