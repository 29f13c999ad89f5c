"""Rows for tests: valid, complete and committed. Give a factory only what matters to the test.

developer = make_developer(role=SystemRole.LEAD)
task = make_task(project=make_project(members=[developer]), status=TaskStatus.RUNNING)
"""

from tests.factories.bots import make_binding, make_bot
from tests.factories.changes import git_id, make_change, make_content
from tests.factories.chats import make_chat_event, make_chat_token
from tests.factories.deliveries import make_delivery, make_outbox_entry
from tests.factories.developers import (
    PASSWORD,
    access_token_of,
    begin_login,
    make_developer,
    make_idempotency_key,
    make_login,
    make_personal_token,
    make_refresh_token,
)
from tests.factories.drafts import make_draft, make_saved_view
from tests.factories.identities import make_identity, make_provider
from tests.factories.images import make_image, make_unused_image
from tests.factories.invitations import make_invitation
from tests.factories.machines import (
    make_enrollment_token,
    make_hour,
    make_machine,
    make_minute,
)
from tests.factories.notifications import make_notification
from tests.factories.projects import add_member, make_project
from tests.factories.reviews import (
    make_review,
    make_review_comment,
    make_review_thread,
    make_viewed_file,
)
from tests.factories.servers import make_server_process
from tests.factories.tasks import (
    make_attempt,
    make_follow_up,
    make_gate,
    make_message,
    make_task,
    make_transcript,
    make_usage,
    make_workspace,
)
from tests.factories.terminals import make_channel_token, make_terminal_input

__all__ = [
    "PASSWORD",
    "access_token_of",
    "add_member",
    "begin_login",
    "git_id",
    "make_attempt",
    "make_binding",
    "make_bot",
    "make_change",
    "make_channel_token",
    "make_chat_event",
    "make_chat_token",
    "make_content",
    "make_delivery",
    "make_developer",
    "make_draft",
    "make_enrollment_token",
    "make_follow_up",
    "make_gate",
    "make_hour",
    "make_idempotency_key",
    "make_identity",
    "make_image",
    "make_invitation",
    "make_login",
    "make_machine",
    "make_message",
    "make_minute",
    "make_notification",
    "make_outbox_entry",
    "make_personal_token",
    "make_project",
    "make_provider",
    "make_refresh_token",
    "make_review",
    "make_review_comment",
    "make_review_thread",
    "make_saved_view",
    "make_server_process",
    "make_task",
    "make_terminal_input",
    "make_transcript",
    "make_unused_image",
    "make_usage",
    "make_viewed_file",
    "make_workspace",
]
