"""permission requests of agents, and what people allow for a whole task

Revision ID: 0067
Revises: 0066
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0067'
down_revision = '0066'
branch_labels = None
depends_on = None

FITS_BEFORE = "it adds only a kind of gates, which exists only once a stage's `approvals` is `ask`"


def upgrade() -> None:
    op.execute("ALTER TYPE gate_kind ADD VALUE IF NOT EXISTS 'permission'")
    op.add_column(
        'gates', sa.Column('permission', postgresql.JSONB(none_as_null=True), nullable=True)
    )
    op.add_column(
        'tasks',
        sa.Column(
            'allowed_actions',
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column('tasks', 'allowed_actions')
    op.drop_column('gates', 'permission')
    # A type can't lose a value, so the column gets another type.
    op.execute("UPDATE gates SET kind = 'question' WHERE kind = 'permission'")
    op.execute('ALTER TYPE gate_kind RENAME TO gate_kind_0067')
    op.execute(
        "CREATE TYPE gate_kind AS ENUM "
        "('confirm', 'choose', 'input', 'question', 'budget', 'branch', 'checkpoint')"
    )
    op.execute('ALTER TABLE gates ALTER COLUMN kind TYPE gate_kind USING kind::text::gate_kind')
    op.execute('DROP TYPE gate_kind_0067')
