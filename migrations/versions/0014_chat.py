"""what comes from chats, and what links chat accounts

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('bots', sa.Column('encrypt_key', sa.String(), nullable=True))
    op.create_table('chat_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('said', postgresql.JSONB(none_as_null=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', postgresql.JSONB(none_as_null=True), nullable=True),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_chat_events_bot_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_events')),
    sa.UniqueConstraint('bot_id', 'event_id', name=op.f('uq_chat_events_bot_id_event_id'))
    )
    op.create_index(op.f('ix_chat_events_received_at'), 'chat_events', ['received_at'], unique=False)
    op.create_index('ix_chat_events_due', 'chat_events', ['due_at'], unique=False, postgresql_where=sa.text('due_at IS NOT NULL'))
    op.create_table('chat_tokens',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_chat_tokens_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_tokens')),
    sa.UniqueConstraint('digest', name=op.f('uq_chat_tokens_digest'))
    )
    op.create_index(op.f('ix_chat_tokens_developer_id'), 'chat_tokens', ['developer_id'], unique=False)
    op.create_index(op.f('ix_chat_tokens_expires_at'), 'chat_tokens', ['expires_at'], unique=False)
    # An account is named together with its platform from now on.
    op.execute("UPDATE developers SET platform_uid = 'slack:' || platform_uid WHERE platform_uid ~ '^[UW][A-Z0-9]+$'")
    op.execute("UPDATE developers SET platform_uid = 'lark:' || platform_uid WHERE platform_uid ~ '^ou_'")


def downgrade() -> None:
    op.execute("UPDATE developers SET platform_uid = regexp_replace(platform_uid, '^(slack|lark):', '')")
    op.drop_table('chat_tokens')
    op.drop_table('chat_events')
    op.drop_column('bots', 'encrypt_key')
