"""desks: drafts of tasks, saved views, templates of descriptions

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moments() -> tuple[sa.Column[object], ...]:
    names = ('created_at', 'updated_at')
    return tuple(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f'fk_{table}_developer_id')
    return sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=name, ondelete='CASCADE')


def upgrade() -> None:
    op.create_table('task_drafts',
    _id(),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('project_key', sa.String(), nullable=True),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('agent_type', sa.String(), nullable=True),
    sa.Column('agent_options', postgresql.JSONB(), nullable=True),
    sa.Column('machine_id', sa.Uuid(), nullable=True),
    sa.Column('machine_selector', sa.String(), nullable=True),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('budget', postgresql.JSONB(), nullable=True),
    *_moments(),
    _owner('task_drafts'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_drafts'))
    )
    op.create_index('ix_task_drafts_developer', 'task_drafts', ['developer_id', 'id'])
    op.create_table('saved_views',
    _id(),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('query', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('pinned', sa.Boolean(), nullable=False),
    *_moments(),
    _owner('saved_views'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_views'))
    )
    op.create_index('ix_saved_views_developer', 'saved_views', ['developer_id', 'position', 'id'])
    op.add_column('projects', sa.Column('templates', postgresql.JSONB(), server_default='[]', nullable=False))


def downgrade() -> None:
    op.drop_column('projects', 'templates')
    op.drop_table('saved_views')
    op.drop_table('task_drafts')
