"""Fan-out: outbox entries become in-app notifications, and deliveries to chats.

A batch of entries is expanded in one transaction, with the same number of statements (`statements`)
for one recipient and for a thousand. A notification is delivered by its commit; a delivery is sent
later, by `delivery_sender`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app import wakeups
from app.domain import answerers, network, notification_rules
from app.domain.notification_rules import Channel, NotificationType
from app.domain.notification_text import render_notification
from app.domain.pipeline import AGENT_GATES
from app.domain.shown_state import find_shown_state
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db, redis
from app.services.changes import summary
from app.services.notify import outbox, statements
from app.services.notify.recipients import BatchRecipients

BATCH = 25  # outbox entries

Content = dict[str, Any]
"""The content of all messages about one entry: {title, body, status, state, projectKey,
gate?, refused?}.
"""

# Messages show the status after the entry's event: the task may have another one by now.
_STATUS_AFTER = {
    NotificationType.GATE_OPENED: TaskStatus.SUSPENDED,
    NotificationType.TASK_COMPLETED: TaskStatus.COMPLETED,
    NotificationType.TASK_CANCELLED: TaskStatus.CANCELLED,
    NotificationType.TASK_FAILED: TaskStatus.FAILED,
    NotificationType.MACHINE_LOST: TaskStatus.FAILED,
    NotificationType.GATE_EXPIRED: TaskStatus.FAILED,
}


def expand(now: datetime) -> int:
    """Expand all waiting outbox entries, and return their number.

    Commits after each batch; then wakes the event streams and the delivery sender.
    """
    redis.client.delete(wakeups.EXPAND_FLAG)  # before reading: later entries set the flag again
    total = 0
    while True:
        count = _expand_batch(now)
        total += count
        if count < BATCH:
            return total


def _expand_batch(now: datetime) -> int:
    """Expand the oldest `BATCH` waiting entries, and return their number. Commits."""
    db.session.execute(statements.ACQUIRE_LOCK)
    entries = db.session.execute(statements.WAITING_ENTRIES, {"batch": BATCH}).all()
    if not entries:
        db.session.rollback()
        return 0
    recipients = BatchRecipients(entries)
    files = summary.summarize_changes({entry.task_id for entry in entries if _is_about_work(entry)})
    contents = {
        entry.id: _content(entry, files.get(entry.task_id) if _is_about_work(entry) else None)
        for entry in entries
    }
    notifications = _notifications(entries, recipients, contents)
    posts = _posts(entries, recipients)
    closing = [entry.id for entry in entries if entry.kind in notification_rules.CLOSING_TYPES]
    if notifications:
        db.session.execute(statements.INSERT_NOTIFICATIONS, {"rows": json.dumps(notifications)})
    if posts:
        db.session.execute(statements.INSERT_POSTS, {"rows": json.dumps(posts), "now": now})
    if closing:
        db.session.execute(statements.INSERT_CARD_EDITS, {"closing": closing, "now": now})
        # Again: their questions' notifications may be newer than the answer.
        outbox.mark_closed_read(closing, now)
    expanded = [{"id": entry_id, "content": content} for entry_id, content in contents.items()]
    db.session.execute(statements.MARK_EXPANDED, {"rows": json.dumps(expanded), "now": now})
    if notifications:
        wakeups.publish_notifications()
    if posts or closing:
        wakeups.wake_deliveries()
    db.session.commit()
    return len(entries)


def _is_about_work(entry: Row[Any]) -> bool:
    """Whether it's about the task's changes: a question after a stage, or its end."""
    if entry.kind == NotificationType.GATE_OPENED:
        is_behind_some = (entry.stage_index or 0) > 0 or (entry.gate_number or 0) > 0
        return is_behind_some and entry.gate_kind not in AGENT_GATES
    return bool(entry.kind == NotificationType.TASK_COMPLETED)


def _content(entry: Row[Any], files: str | None) -> Content:
    """Return the content of messages about the entry, the same for everyone; `files` is a line
    about the changed files.
    """
    kind = NotificationType(entry.kind)
    title, body = render_notification(
        kind,
        entry.task_id,
        description=entry.description,
        message=entry.message,
        stage=entry.stage,
    )
    if who := answerers.describe(entry.answerers):
        body = f"{body}\n{who}"
    status = _STATUS_AFTER.get(kind, TaskStatus(entry.status))
    reason = SuspendReason(entry.suspend_reason) if entry.suspend_reason else None
    is_asking = kind is NotificationType.GATE_OPENED or entry.is_asking
    content = {
        "title": title,
        "body": f"{body}\n{files}" if files else body,
        "status": status.value,
        "state": find_shown_state(status, reason, is_asking=is_asking),
        "projectKey": entry.project_key,
    }
    if entry.gate_kind is not None:
        content["gate"] = {
            "stageIndex": entry.stage_index,
            "stageName": entry.stage or "",
            "round": entry.round,
            "number": entry.gate_number,
            "kind": entry.gate_kind,
            "prompt": entry.prompt,
            "choices": entry.choices,
        }
    if entry.network == "project" and network.is_host(entry.host):
        content["refused"] = {
            "stageIndex": entry.stage_index,
            "round": entry.round,
            "number": entry.number,
            "host": entry.host,
        }
    return content


def _notifications(
    entries: Sequence[Row[Any]], recipients: BatchRecipients, contents: Mapping[int, Content]
) -> list[dict[str, Any]]:
    """Return the rows of `statements.INSERT_NOTIFICATIONS`."""
    return [
        {
            "developer_id": person.id,
            "type": entry.kind,
            "title": contents[entry.id]["title"],
            "body": contents[entry.id]["body"],
            "task_id": entry.task_id,
            "event_number": entry.number,
            "created_at": entry.created_at.isoformat(),
        }
        for entry in entries
        for person, channels in recipients.people(entry)
        if Channel.IN_APP in channels
    ]


def _posts(entries: Sequence[Row[Any]], recipients: BatchRecipients) -> list[dict[str, Any]]:
    """Return the rows of `statements.INSERT_POSTS`: to bound chats, and to people's own accounts.

    People who share an account get one message: (entry, bot, chat) is unique among deliveries.
    """
    return [
        {"outbox_id": entry.id, "task_id": entry.task_id, **address}
        for entry in entries
        for address in (
            *_chat_addresses(entry, recipients),
            *_direct_addresses(entry, recipients),
        )
    ]


def _chat_addresses(entry: Row[Any], recipients: BatchRecipients) -> Iterator[dict[str, Any]]:
    for chat in recipients.bound_chats(entry):
        yield {"bot_id": chat.bot_id, "chat_id": chat.platform_chat_id, "developer_id": None}


def _direct_addresses(entry: Row[Any], recipients: BatchRecipients) -> Iterator[dict[str, Any]]:
    for person, channels in recipients.people(entry):
        address = recipients.direct_chat(person) if Channel.CHAT in channels else None
        if address is not None:
            bot_id, account = address
            yield {"bot_id": bot_id, "chat_id": account, "developer_id": person.id}
