"""search, notifications and bots

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Both are trusted: whoever may create in the database may create them.
    op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
    op.execute('CREATE EXTENSION IF NOT EXISTS btree_gin')

    op.create_table('task_texts',
    sa.Column('task_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_task_texts_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task_texts'))
    )
    op.execute("""
CREATE FUNCTION copy_task_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO task_texts (task_id, project_id, description)
    VALUES (NEW.id, NEW.project_id, NEW.description);
    RETURN NULL;
END $$
""")
    # The trigger first: it waits for tasks that are being created, so that none is left out.
    op.execute("""
CREATE TRIGGER tasks_copy_text AFTER INSERT ON tasks
FOR EACH ROW EXECUTE FUNCTION copy_task_text()
""")
    op.execute('INSERT INTO task_texts SELECT id, project_id, description FROM tasks ORDER BY id')
    op.create_index('ix_task_texts_project', 'task_texts', ['project_id', 'task_id'])
    op.create_index('ix_task_texts_words', 'task_texts', ['project_id', sa.literal_column('(task_id / 50000)'), 'description'], postgresql_using='gin', postgresql_ops={'description': 'gin_trgm_ops'}, postgresql_with={'fastupdate': 'off'})
    op.create_index('ix_machines_name', 'machines', ['name'], postgresql_using='gin', postgresql_ops={'name': 'gin_trgm_ops'})
    op.create_index('ix_projects_names', 'projects', ['key', 'name'], postgresql_using='gin', postgresql_ops={'key': 'gin_trgm_ops', 'name': 'gin_trgm_ops'})

    op.create_table('notifications',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_notifications_developer_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_notifications_task_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications'))
    )
    op.create_index('ix_notifications_created_at', 'notifications', ['created_at'])
    op.create_index('ix_notifications_developer', 'notifications', ['developer_id', 'id'])
    op.create_index(op.f('ix_notifications_task_id'), 'notifications', ['task_id'])
    op.create_index('ix_notifications_unread', 'notifications', ['developer_id', 'id'], postgresql_where=sa.text('read_at IS NULL'))

    op.create_table('bots',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('platform', sa.Enum('slack', 'lark', 'apprise', 'webhook', name='bot_platform'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('app_id', sa.String(), nullable=True),
    sa.Column('app_secret', sa.String(), nullable=True),
    sa.Column('webhook_token', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bots')),
    sa.UniqueConstraint('platform', 'app_id', name=op.f('uq_bots_platform_app_id'))
    )
    op.create_table('bot_bindings',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('platform_chat_id', sa.String(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('chat_name', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['bot_id'], ['bots.id'], name=op.f('fk_bot_bindings_bot_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_bot_bindings_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bot_bindings')),
    sa.UniqueConstraint('bot_id', 'platform_chat_id', name=op.f('uq_bot_bindings_bot_id_platform_chat_id'))
    )
    op.create_index(op.f('ix_bot_bindings_project_id'), 'bot_bindings', ['project_id'])

    op.add_column('developers', sa.Column('platform_uid', sa.String(), nullable=True))
    op.create_unique_constraint(op.f('uq_developers_platform_uid'), 'developers', ['platform_uid'])


def downgrade() -> None:
    op.drop_constraint(op.f('uq_developers_platform_uid'), 'developers')
    op.drop_column('developers', 'platform_uid')
    op.drop_table('bot_bindings')
    op.drop_table('bots')
    op.execute('DROP TYPE bot_platform')
    op.drop_table('notifications')
    op.drop_index('ix_projects_names', table_name='projects')
    op.drop_index('ix_machines_name', table_name='machines')
    op.execute('DROP TRIGGER tasks_copy_text ON tasks')
    op.execute('DROP FUNCTION copy_task_text()')
    op.drop_table('task_texts')
    # The extensions stay: something else may have come to use them.
