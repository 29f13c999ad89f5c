"""rooms of machines and projects, networks of projects

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TYPE room_level AS ENUM ('none', 'processes', 'full')")
    level = postgresql.ENUM(name='room_level', create_type=False)
    op.add_column('projects', sa.Column('room', level, nullable=True))
    op.add_column('projects', sa.Column('network', postgresql.JSONB(), nullable=True))
    op.add_column('machines', sa.Column('room', postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column('machines', 'room')
    op.drop_column('projects', 'network')
    op.drop_column('projects', 'room')
    op.execute('DROP TYPE room_level')
