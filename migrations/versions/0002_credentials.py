"""personal access tokens and second factors

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('personal_tokens',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_personal_tokens_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_personal_tokens')),
    sa.UniqueConstraint('digest', name=op.f('uq_personal_tokens_digest'))
    )
    op.create_index(op.f('ix_personal_tokens_developer_id'), 'personal_tokens', ['developer_id'], unique=False)
    op.create_table('second_factors',
    sa.Column('developer_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('secret', sa.String(), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('enabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_second_factors_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('developer_id', name=op.f('pk_second_factors'))
    )
    op.create_table('recovery_codes',
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['developer_id'], ['second_factors.developer_id'], name=op.f('fk_recovery_codes_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('developer_id', 'digest', name=op.f('pk_recovery_codes'))
    )


def downgrade() -> None:
    op.drop_table('recovery_codes')
    op.drop_table('second_factors')
    op.drop_index(op.f('ix_personal_tokens_developer_id'), table_name='personal_tokens')
    op.drop_table('personal_tokens')
