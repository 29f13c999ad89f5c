"""idempotency keys, and indexes for sweeps

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('idempotency_keys',
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('response', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_idempotency_keys_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('developer_id', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_index(op.f('ix_idempotency_keys_created_at'), 'idempotency_keys', ['created_at'], unique=False)
    for table in ENDING:
        op.create_index(f'ix_{table}_end', table, [sa.text('LEAST(expires_at, revoked_at)')], unique=False)


def downgrade() -> None:
    for table in ENDING:
        op.drop_index(f'ix_{table}_end', table_name=table)
    op.drop_index(op.f('ix_idempotency_keys_created_at'), table_name='idempotency_keys')
    op.drop_table('idempotency_keys')


ENDING = ('refresh_tokens', 'personal_tokens', 'enrollment_tokens')
