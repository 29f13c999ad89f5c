"""shells beside stages

Revision ID: 0068
Revises: 0067
"""

import sqlalchemy as sa
from alembic import op

revision = '0068'
down_revision = '0067'
branch_labels = None
depends_on = None

FITS_BEFORE = "it adds only a type of events, which exists only once people have opened shells"

COLUMNS = (
    ('channel_tokens', 'is_shell'),
    ('terminal_inputs', 'is_shell'),
    ('machines', 'opens_shells'),
)


def upgrade() -> None:
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'shell' BEFORE 'reviewed'")
    op.create_table(
        'shells',
        sa.Column('task_id', sa.BigInteger(), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('wanted_until', sa.DateTime(timezone=True), nullable=False),
        sa.Column('dial_requests', sa.Integer(), nullable=False),
        sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['task_id', 'attempt'],
            ['attempts.task_id', 'attempts.number'],
            name='fk_shells_task_id_attempt',
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('task_id', 'attempt', name='pk_shells'),
    )
    for table, column in COLUMNS:
        flag = sa.Column(column, sa.Boolean(), server_default=sa.text('false'), nullable=False)
        op.add_column(table, flag)


def downgrade() -> None:
    for table, column in COLUMNS:
        op.drop_column(table, column)
    op.drop_table('shells')
