"""messages to agents, and interrupts

Revision ID: 0066
Revises: 0065
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0066'
down_revision = '0065'
branch_labels = None
depends_on = None

FITS_BEFORE = "it adds only types of events, which exist only once people have sent messages"

STATES = ('waiting', 'delivered', 'unconfirmed', 'withdrawn', 'returned', 'followed_up')


def upgrade() -> None:
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'message' BEFORE 'reviewed'")
    op.execute("ALTER TYPE event_type ADD VALUE IF NOT EXISTS 'interrupted' BEFORE 'reviewed'")
    op.create_table(
        'task_messages',
        sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column('task_id', sa.BigInteger(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('text', sa.String(), nullable=False),
        sa.Column('timing', sa.Enum('next', 'now', name='message_timing'), nullable=False),
        sa.Column('if_too_late', sa.Enum('return', 'follow_up', name='too_late'), nullable=False),
        sa.Column('state', sa.Enum(*STATES, name='message_state'), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=True),
        sa.Column('stage_index', sa.Integer(), nullable=True),
        sa.Column('run', sa.Integer(), nullable=True),
        sa.Column('in_prompt', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('created_by', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('follow_up_id', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ['task_id'], ['tasks.id'], name='fk_task_messages_task_id', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['created_by'], ['developers.id'], name='fk_task_messages_created_by'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_task_messages'),
        sa.UniqueConstraint('task_id', 'number', name='uq_task_messages_task_id_number'),
    )
    op.create_index(
        'ix_task_messages_waiting',
        'task_messages',
        ['task_id', 'number'],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.add_column(
        'tasks',
        sa.Column('messages_waiting', sa.Integer(), server_default=sa.text('0'), nullable=False),
    )
    op.add_column(
        'attempts',
        sa.Column('interrupt', postgresql.JSONB(none_as_null=True)),
    )
    op.add_column(
        'machines',
        sa.Column('takes_messages', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    )


def downgrade() -> None:
    op.drop_column('machines', 'takes_messages')
    op.drop_column('attempts', 'interrupt')
    op.drop_column('tasks', 'messages_waiting')
    op.drop_table('task_messages')
    for name in ('message_timing', 'too_late', 'message_state'):
        sa.Enum(name=name).drop(op.get_bind())
