"""invitations: links with which people create their accounts; and who can answer a gate

Revision ID: 0058
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0058'
down_revision = '0057'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'invitations',
        sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column('digest', sa.String(), nullable=False),
        sa.Column('email', sa.String(), nullable=True),
        sa.Column(
            'role', postgresql.ENUM(name='system_role', create_type=False), nullable=False
        ),
        sa.Column('projects', postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column('note', sa.String(), nullable=False),
        sa.Column('created_by', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('developer_id', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ['created_by'], ['developers.id'], name='fk_invitations_created_by'
        ),
        sa.ForeignKeyConstraint(
            ['developer_id'], ['developers.id'], name='fk_invitations_developer_id'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_invitations'),
        sa.UniqueConstraint('digest', name='uq_invitations_digest'),
    )
    op.create_index(
        'ix_invitations_end',
        'invitations',
        [sa.literal_column('LEAST(expires_at, withdrawn_at)')],
        unique=False,
    )
    op.add_column(
        'gates', sa.Column('answerers', postgresql.JSONB(none_as_null=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column('gates', 'answerers')
    op.drop_index('ix_invitations_end', table_name='invitations')
    op.drop_table('invitations')
