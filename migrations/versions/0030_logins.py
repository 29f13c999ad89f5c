"""logins as rows of their own: the families of refresh tokens

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

# A family ended when its tokens were revoked, or its developer's sessions were ended altogether.
_FAMILIES = """
INSERT INTO logins (id, developer_id, via, client, created_at, last_seen_at, confirmed_at,
                    expires_at, ended_at)
SELECT f.family, f.developer_id, 'password', '', f.begun_at, f.seen_at, f.begun_at, f.expires_at,
       CASE WHEN f.is_revoked THEN f.revoked_at
            WHEN d.disabled_at IS NOT NULL OR d.token_generation <> f.generation THEN now() END
FROM (SELECT family, min(developer_id) AS developer_id, min(created_at) AS begun_at,
             max(created_at) AS seen_at, max(expires_at) AS expires_at,
             max(generation) AS generation, max(revoked_at) AS revoked_at,
             bool_and(revoked_at IS NOT NULL) AS is_revoked
      FROM refresh_tokens GROUP BY family) AS f
JOIN developers AS d ON d.id = f.developer_id
"""


def upgrade() -> None:
    op.create_table('logins',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('developer_id', sa.BigInteger(), nullable=False),
    sa.Column('via', sa.Enum('password', 'oidc', 'device', name='login_via'), nullable=False),
    sa.Column('client', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider', sa.String(), nullable=True),
    sa.Column('provider_session', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['developer_id'], ['developers.id'], name=op.f('fk_logins_developer_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_logins'))
    )
    op.create_index('ix_logins_developer', 'logins', ['developer_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_logins_end', 'logins', [sa.literal_column('LEAST(expires_at, ended_at)')], unique=False)
    op.execute(_FAMILIES)
    op.create_foreign_key(op.f('fk_refresh_tokens_family'), 'refresh_tokens', 'logins', ['family'], ['id'], ondelete='CASCADE')
    op.drop_index('ix_refresh_tokens_end', table_name='refresh_tokens')
    op.drop_column('refresh_tokens', 'revoked_at')
    op.create_index(op.f('ix_refresh_tokens_expires_at'), 'refresh_tokens', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_refresh_tokens_expires_at'), table_name='refresh_tokens')
    op.add_column('refresh_tokens', sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE refresh_tokens SET revoked_at = l.ended_at FROM logins AS l WHERE l.id = family"
    )
    op.create_index('ix_refresh_tokens_end', 'refresh_tokens', [sa.literal_column('LEAST(expires_at, revoked_at)')], unique=False)
    op.drop_constraint(op.f('fk_refresh_tokens_family'), 'refresh_tokens', type_='foreignkey')
    op.drop_table('logins')
    op.execute('DROP TYPE login_via')
