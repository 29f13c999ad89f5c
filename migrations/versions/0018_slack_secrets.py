"""of Slack bots the bot token as app_secret, the signing secret as webhook_token

What is stored is not bound to its column, so that the two change places as they are: no key is
needed. Until it is restarted, a process of before takes the one for the other.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

SWAP = """
    UPDATE bots SET app_secret = webhook_token, webhook_token = app_secret WHERE platform = 'slack'
"""


def upgrade() -> None:
    op.execute(SWAP)


def downgrade() -> None:
    op.execute(SWAP)
