"""server processes, and attempts whose loss does not count

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('server_processes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_server_processes'))
    )
    op.create_index(op.f('ix_server_processes_seen_at'), 'server_processes', ['seen_at'])
    op.add_column('machines', sa.Column('disk_accepted', sa.Boolean(), nullable=False,
                                        server_default=sa.false()))
    op.alter_column('machines', 'disk_accepted', server_default=None)
    # An attempt that was lost before its machine took it did not count so far, either.
    op.add_column('attempts', sa.Column('excused', sa.Boolean(), nullable=False,
                                        server_default=sa.false()))
    op.execute("UPDATE attempts SET excused = true WHERE outcome = 'lost' AND accepted_at IS NULL")
    op.alter_column('attempts', 'excused', server_default=None)


def downgrade() -> None:
    op.drop_column('attempts', 'excused')
    op.drop_column('machines', 'disk_accepted')
    op.drop_index(op.f('ix_server_processes_seen_at'), table_name='server_processes')
    op.drop_table('server_processes')
