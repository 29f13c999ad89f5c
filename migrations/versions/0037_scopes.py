"""personal tokens that are narrowed to scopes and projects

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ('scopes', 'projects'):
        op.add_column('personal_tokens', sa.Column(name, postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    # Without its bounds a narrowed token would open all that its owner may do.
    op.execute('UPDATE personal_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE scopes IS NOT NULL OR projects IS NOT NULL')
    for name in ('projects', 'scopes'):
        op.drop_column('personal_tokens', name)
