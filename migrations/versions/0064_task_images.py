"""images of tasks, and whether a machine fetches them

Revision ID: 0064
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0064'
down_revision = '0062'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'task_images',
        sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column('project_id', sa.BigInteger(), nullable=False),
        sa.Column('created_by', sa.BigInteger(), nullable=False),
        sa.Column('task_id', sa.BigInteger(), nullable=True),
        sa.Column('unused_since', sa.DateTime(timezone=True), nullable=True),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('media_type', sa.String(), nullable=False),
        sa.Column('size_bytes', sa.Integer(), nullable=False),
        sa.Column('width', sa.Integer(), nullable=False),
        sa.Column('height', sa.Integer(), nullable=False),
        sa.Column('sha256', sa.String(), nullable=False),
        sa.Column('data', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ['project_id'], ['projects.id'], name='fk_task_images_project_id'
        ),
        sa.ForeignKeyConstraint(
            ['created_by'], ['developers.id'], name='fk_task_images_created_by'
        ),
        sa.ForeignKeyConstraint(
            ['task_id'], ['tasks.id'], name='fk_task_images_task_id', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_task_images'),
    )
    op.create_index('ix_task_images_project_id', 'task_images', ['project_id'])
    op.create_index(
        'ix_task_images_unused',
        'task_images',
        ['unused_since'],
        postgresql_where=sa.text('unused_since IS NOT NULL'),
    )
    op.create_index(
        'ix_task_images_task',
        'task_images',
        ['task_id'],
        postgresql_where=sa.text('task_id IS NOT NULL'),
    )
    op.add_column(
        'tasks',
        sa.Column(
            'images',
            postgresql.JSONB(none_as_null=True),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        'machines',
        sa.Column('fetches_images', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    )


def downgrade() -> None:
    op.drop_column('machines', 'fetches_images')
    op.drop_column('tasks', 'images')
    op.drop_table('task_images')
