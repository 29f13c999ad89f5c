"""terminals, their tokens, and who typed

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('terminals',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('wanted_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'], name=op.f('fk_terminals_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'attempt', name=op.f('pk_terminals'))
    )
    op.create_table('channel_tokens',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=True),
    sa.Column('mode', sa.Enum('control', 'watch', name='terminal_mode'), nullable=True),
    sa.Column('machine_id', sa.Uuid(), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(developer_id IS NULL) <> (machine_id IS NULL) AND (developer_id IS NULL) = (mode IS NULL)', name=op.f('ck_channel_tokens_bearer')),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_channel_tokens_developer_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['machine_id'], ['machines.id'], name=op.f('fk_channel_tokens_machine_id')),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'], name=op.f('fk_channel_tokens_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel_tokens')),
    sa.UniqueConstraint('digest', name=op.f('uq_channel_tokens_digest'))
    )
    op.create_index(op.f('ix_channel_tokens_expires_at'), 'channel_tokens', ['expires_at'], unique=False)
    op.create_table('terminal_inputs',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_terminal_inputs_developer_id')),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_terminal_inputs_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_terminal_inputs'))
    )
    op.create_index(op.f('ix_terminal_inputs_ended_at'), 'terminal_inputs', ['ended_at'], unique=False)
    op.create_index('ix_terminal_inputs_task', 'terminal_inputs', ['task_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_table('terminal_inputs')
    op.drop_table('channel_tokens')
    op.drop_table('terminals')
    sa.Enum(name='terminal_mode').drop(op.get_bind())
