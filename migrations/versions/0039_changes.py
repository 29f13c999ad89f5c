"""what attempts have changed

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

SINCE = postgresql.ENUM('base', 'stage', 'round', name='since', create_type=False)
STATUS = postgresql.ENUM('added', 'modified', 'deleted', 'renamed', 'copied', name='file_status',
                         create_type=False)


def upgrade() -> None:
    for kind in (SINCE, STATUS):
        kind.create(op.get_bind())
    op.add_column('tasks', sa.Column('keeps_contents', sa.Boolean(), nullable=False,
                                     server_default=sa.text('false')))
    op.create_index('ix_tasks_contents', 'tasks', ['finished_at'],
                    postgresql_where=sa.text('keeps_contents'))
    op.create_table('contents',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('packed', sa.BigInteger(), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.Column('hunks', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_contents_task_id'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'id', name=op.f('pk_contents'))
    )
    op.create_table('changes',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('stage_index', sa.Integer(), nullable=False),
    sa.Column('partial', sa.Boolean(), nullable=False),
    sa.Column('since', SINCE, nullable=False),
    sa.Column('base', sa.String(length=64), nullable=False),
    sa.Column('commit', sa.String(length=64), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('files_changed', sa.Integer(), nullable=False),
    sa.Column('insertions', sa.BigInteger(), nullable=False),
    sa.Column('deletions', sa.BigInteger(), nullable=False),
    sa.Column('patch_bytes', sa.BigInteger(), nullable=False),
    sa.Column('left_out', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['task_id', 'attempt'], ['attempts.task_id', 'attempts.number'],
                            name=op.f('fk_changes_task_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_changes'))
    )
    op.create_index('ix_changes_task', 'changes', ['task_id', 'since', 'id'])
    op.create_index('uq_changes_latest', 'changes',
                    ['task_id', 'attempt', 'stage_index', 'partial', 'since'], unique=True,
                    postgresql_where=sa.text('whole'))
    op.create_table('changed_files',
    sa.Column('change_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('old_path', sa.String(), nullable=False),
    sa.Column('status', STATUS, nullable=False),
    sa.Column('mode', sa.String(length=6), nullable=False),
    sa.Column('old_mode', sa.String(length=6), nullable=False),
    sa.Column('blob', sa.String(length=64), nullable=False),
    sa.Column('old_blob', sa.String(length=64), nullable=False),
    sa.Column('insertions', sa.Integer(), nullable=False),
    sa.Column('deletions', sa.Integer(), nullable=False),
    sa.Column('binary', sa.Boolean(), nullable=False),
    sa.Column('generated', sa.Boolean(), nullable=False),
    sa.Column('patch', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['change_id'], ['changes.id'], name=op.f('fk_changed_files_change_id'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('change_id', 'position', name=op.f('pk_changed_files'))
    )


def downgrade() -> None:
    for table in ('changed_files', 'changes', 'contents'):
        op.drop_table(table)
    op.drop_index('ix_tasks_contents', 'tasks')
    op.drop_column('tasks', 'keeps_contents')
    for kind in (SINCE, STATUS):
        kind.drop(op.get_bind())
