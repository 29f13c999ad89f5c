"""audit log and settings

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('settings',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('value', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['updated_by'], ['developers.id'], name=op.f('fk_settings_updated_by')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_settings'))
    )
    op.create_table('audit_entries',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('machine_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('target_type', sa.String(), nullable=False),
    sa.Column('target_id', sa.String(), nullable=False),
    sa.Column('request_id', sa.String(), nullable=True),
    sa.Column('remote_address', sa.String(), nullable=True),
    sa.Column('changes', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries'))
    )
    op.create_index('ix_audit_entries_at', 'audit_entries', ['at', 'id'])
    op.create_index('ix_audit_entries_actor', 'audit_entries', ['actor_id', 'at', 'id'])
    op.create_index('ix_audit_entries_action', 'audit_entries', ['action', 'at', 'id'])
    op.create_index('ix_audit_entries_family', 'audit_entries', [sa.literal_column("split_part(action, '.', 1)"), 'at', 'id'])
    op.create_index('ix_audit_entries_type', 'audit_entries', ['target_type', 'at', 'id'])
    op.create_index('ix_audit_entries_target', 'audit_entries', ['target_type', 'target_id', 'at', 'id'])
    op.create_index('ix_audit_entries_target_id', 'audit_entries', ['target_id', 'at', 'id'])
    op.execute("""
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed' USING ERRCODE = 'insufficient_privilege';
END $$
""")
    op.execute("""
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
""")
    # Also from whoever owns the table: where one role does everything, the app runs as its owner.
    op.execute('REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM PUBLIC, CURRENT_USER')


def downgrade() -> None:
    op.drop_table('audit_entries')
    op.execute('DROP FUNCTION refuse_audit_change()')
    op.drop_table('settings')
