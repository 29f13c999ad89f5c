"""providers of single sign-on, who developers are there, and what their groups give them

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def _role(name: str, *values: str) -> postgresql.ENUM:
    return postgresql.ENUM(*values, name=name, create_type=False)


_SYSTEM = _role('system_role', 'developer', 'lead', 'admin')
_PROJECT = _role('project_role', 'member', 'maintainer')


def upgrade() -> None:
    op.add_column('developers', sa.Column('base_role', _SYSTEM, nullable=True))
    op.add_column('developers', sa.Column('email', sa.String(), nullable=True))
    op.create_unique_constraint(op.f('uq_developers_email'), 'developers', ['email'])
    op.add_column('project_members', sa.Column('by_groups', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('project_members', sa.Column('base_role', _PROJECT, nullable=True))
    op.create_table('identity_providers',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('issuer', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('client_secret', sa.String(), nullable=True),
    sa.Column('scopes', sa.String(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('create_accounts', sa.Boolean(), nullable=False),
    sa.Column('match_email', sa.Boolean(), nullable=False),
    sa.Column('email_domains', postgresql.JSONB(), nullable=False),
    sa.Column('groups_claim', sa.String(), nullable=False),
    sa.Column('allowed_groups', postgresql.JSONB(), nullable=False),
    sa.Column('roles', postgresql.JSONB(), nullable=False),
    sa.Column('memberships', postgresql.JSONB(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_providers')),
    sa.UniqueConstraint('name', name=op.f('uq_identity_providers_name'))
    )
    op.create_table('developer_identities',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('role', _SYSTEM, nullable=True),
    sa.Column('projects', postgresql.JSONB(), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_developer_identities_developer_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['provider_id'], ['identity_providers.id'], name=op.f('fk_developer_identities_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_developer_identities')),
    sa.UniqueConstraint('provider_id', 'subject', name=op.f('uq_developer_identities_provider_id_subject'))
    )
    op.create_index('uq_developer_identities_developer', 'developer_identities', ['developer_id', 'provider_id'], unique=True)


def downgrade() -> None:
    op.drop_table('developer_identities')
    op.drop_table('identity_providers')
    # What groups alone gave goes with them.
    op.execute("DELETE FROM project_members WHERE by_groups AND base_role IS NULL")
    op.execute("UPDATE project_members SET role = base_role WHERE by_groups")
    op.drop_column('project_members', 'base_role')
    op.drop_column('project_members', 'by_groups')
    op.execute("UPDATE developers SET role = base_role WHERE base_role IS NOT NULL")
    op.drop_constraint(op.f('uq_developers_email'), 'developers', type_='unique')
    op.drop_column('developers', 'email')
    op.drop_column('developers', 'base_role')
