"""machines that check the commit they go on from, and which one that is

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = '0052'
down_revision = '0051'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'machines', sa.Column('checks_commits', sa.Boolean(), server_default='false', nullable=False)
    )
    op.add_column('attempts', sa.Column('resume_commit', sa.String()))


def downgrade() -> None:
    op.drop_column('attempts', 'resume_commit')
    op.drop_column('machines', 'checks_commits')
