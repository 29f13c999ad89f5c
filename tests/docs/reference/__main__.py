"""`python -m tests.docs.reference` writes docs/reference.md. Asks neither Postgres nor Redis."""

import config
from app.factory import create_app
from tests.conftest import NOWHERE, SECRETS
from tests.docs.reference import page

page.FILE.write_text(page.render(create_app(config.load({**SECRETS, **NOWHERE}))))
