"""what people have to be told: outbox, deliveries, preferences

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

XID = 'pg_current_xact_id()::text::bigint'
KINDS = ('gate_opened', 'gate_expired', 'gate_answered', 'gate_withdrawn', 'task_completed', 'task_failed', 'task_cancelled', 'machine_lost')
IS_OPEN = "state IN ('pending', 'sending')"


def upgrade() -> None:
    for table in ('task_events', 'notifications'):
        # Without a default at first: the rows that there are stay as they are, and are not rewritten.
        op.add_column(table, sa.Column('xid', sa.BigInteger(), nullable=True))
        op.alter_column(table, 'xid', server_default=sa.text(XID))
        op.create_index(op.f(f'ix_{table}_xid'), table, ['xid'], unique=False)
    op.add_column('notifications', sa.Column('event_number', sa.Integer(), nullable=True))
    op.create_unique_constraint(op.f('uq_notifications_developer_id_task_id_event_number'), 'notifications', ['developer_id', 'task_id', 'event_number'])
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum(*KINDS, name='news_kind'), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('stage_index', sa.Integer(), nullable=True),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('told', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expanded_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_outbox_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('task_id', 'number', name=op.f('uq_outbox_task_id_number'))
    )
    op.create_index(op.f('ix_outbox_expanded_at'), 'outbox', ['expanded_at'], unique=False)
    op.create_index('ix_outbox_waiting', 'outbox', ['id'], unique=False, postgresql_where=sa.text('expanded_at IS NULL'))
    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('outbox_id', sa.BigInteger(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('chat_id', sa.String(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=True),
    sa.Column('act', sa.Enum('post', 'edit', name='delivery_act'), nullable=False),
    sa.Column('card_id', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.Enum('pending', 'sending', 'sent', 'dead', name='delivery_state'), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ref', sa.String(), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_deliveries_bot_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['outbox_id'], ['outbox.id'], name=op.f('fk_deliveries_outbox_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('outbox_id', 'bot_id', 'chat_id', 'act', name=op.f('uq_deliveries_outbox_id_bot_id_chat_id_act'))
    )
    op.create_index(op.f('ix_deliveries_bot_id'), 'deliveries', ['bot_id'], unique=False)
    op.create_index('ix_deliveries_due', 'deliveries', ['bot_id', 'due_at'], unique=False, postgresql_where=sa.text(IS_OPEN))
    op.create_index('ix_deliveries_turn', 'deliveries', ['task_id', 'bot_id', 'chat_id', 'id'], unique=False, postgresql_where=sa.text(IS_OPEN))
    op.create_index('ix_deliveries_card', 'deliveries', ['card_id'], unique=False, postgresql_where=sa.text('card_id IS NOT NULL'))
    op.create_index('ix_deliveries_state', 'deliveries', ['state', 'id'], unique=False)
    op.create_table('bot_health',
    sa.Column('bot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('rests_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent', sa.BigInteger(), nullable=False),
    sa.Column('retried', sa.BigInteger(), nullable=False),
    sa.Column('died', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_bot_health_bot_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('bot_id', name=op.f('pk_bot_health'))
    )
    op.create_table('notification_preferences',
    sa.Column('developer_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('choices', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_notification_preferences_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('developer_id', name=op.f('pk_notification_preferences'))
    )


def downgrade() -> None:
    for table in ('notification_preferences', 'bot_health', 'deliveries', 'outbox'):
        op.drop_table(table)
    for name in ('delivery_state', 'delivery_act', 'news_kind'):
        sa.Enum(name=name).drop(op.get_bind())
    op.drop_constraint('uq_notifications_developer_id_task_id_event_number', 'notifications')
    op.drop_column('notifications', 'event_number')
    for table in ('notifications', 'task_events'):
        op.drop_column(table, 'xid')
