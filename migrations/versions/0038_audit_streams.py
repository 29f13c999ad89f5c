"""the audit log told to bots; secrets of deleted projects destroyed

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None

STREAM = """
CREATE FUNCTION stream_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_stream_entries (bot_id, entry_id)
    SELECT id, NEW.id FROM bots WHERE audit_log;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER audit_entries_streamed AFTER INSERT ON audit_entries
FOR EACH ROW EXECUTE FUNCTION stream_audit_entry()
"""
# Of projects that were deleted before their secrets were destroyed with them.
DESTROY = """
UPDATE projects SET secrets = '{}', environment = '{}', git_token = NULL, ssh_key = NULL
WHERE deleted_at IS NOT NULL
"""


def upgrade() -> None:
    op.execute(DESTROY)
    op.add_column('bots', sa.Column('audit_log', sa.Boolean(), nullable=False,
                                    server_default=sa.false()))
    op.alter_column('bots', 'audit_log', server_default=None)
    op.create_table('audit_streams',
    sa.Column('bot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('numbered', sa.BigInteger(), nullable=False),
    sa.Column('sent', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_audit_streams_bot_id'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('bot_id', name=op.f('pk_audit_streams'))
    )
    op.create_table('audit_stream_entries',
    sa.Column('bot_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('entry_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('bot_id', 'entry_id', name=op.f('pk_audit_stream_entries'))
    )
    op.create_index('ix_audit_stream_entries_number', 'audit_stream_entries', ['bot_id', 'number'],
                    unique=True, postgresql_where=sa.text('number IS NOT NULL'))
    for statement in (STREAM, TRIGGER):
        op.execute(statement)


def downgrade() -> None:
    op.execute('DROP TRIGGER audit_entries_streamed ON audit_entries')
    op.execute('DROP FUNCTION stream_audit_entry')
    op.drop_table('audit_stream_entries')
    op.drop_table('audit_streams')
    op.drop_column('bots', 'audit_log')
