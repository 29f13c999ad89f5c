"""a project's key for its repository, and the keys by which hosts are known

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('projects', sa.Column('ssh_key', sa.String(), nullable=True))
    op.add_column('projects', sa.Column('known_hosts', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('projects', 'known_hosts')
    op.drop_column('projects', 'ssh_key')
