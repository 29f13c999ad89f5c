"""Recipients of a batch of outbox entries: people, and chats that are bound to projects."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Row

from app.domain import notification_rules
from app.domain.chat import BotPlatform, parse_platform_uid
from app.domain.notification_rules import Channel, NotificationType, PotentialRecipient
from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.services.notify import statements


class BatchRecipients:
    """The people and chats that may receive a batch's entries: at most four statements."""

    def __init__(self, entries: Sequence[Row[Any]]) -> None:
        projects = {"projects": sorted({entry.project_id for entry in entries})}
        self._participants_by_entry = _participants(entries)
        others = set[int]().union(*self._participants_by_entry.values())
        creators = {"creators": sorted({entry.created_by for entry in entries} | others)}
        self._members: dict[int, list[Row[Any]]] = defaultdict(list)  # by project
        self._creators: dict[int, Row[Any]] = {}
        for row in db.session.execute(statements.MEMBERS_AND_CREATORS, projects | creators):
            if row.project_id is None:
                self._creators[row.id] = row
            else:
                self._members[row.project_id].append(row)
        self._chats: dict[int, list[Row[Any]]] = defaultdict(list)  # by project
        for row in db.session.execute(statements.BOUND_CHATS, projects):
            self._chats[row.project_id].append(row)
        self._dm_bots = self._read_dm_bots()

    def people(self, entry: Row[Any]) -> Iterator[tuple[Row[Any], frozenset[Channel]]]:
        """Return each person to notify of the entry, and the channels."""
        candidates = {row.id: row for row in self._members[entry.project_id]}
        taking_part = self._participants_by_entry[entry.id]
        for id_ in (entry.created_by, *sorted(taking_part)):
            if (row := self._creators.get(id_)) is not None:
                candidates.setdefault(id_, row)
        listeners = [_potential_recipient(row, entry, taking_part) for row in candidates.values()]
        for recipient in notification_rules.select_recipients(
            NotificationType(entry.kind), entry.actor_id, listeners
        ):
            yield candidates[recipient.developer_id], recipient.channels

    def bound_chats(self, entry: Row[Any]) -> Iterable[Row[Any]]:
        """Return the chats to notify of the entry: its project's, or none if it only edits
        cards.
        """
        return self._chats[entry.project_id] if entry.kind in notification_rules.CHAT_TYPES else ()

    def direct_chat(self, person: Row[Any]) -> tuple[int, str] | None:
        """Return the bot that can write to the person, and their account on its platform; or
        None.
        """
        platform, account = parse_platform_uid(person.platform_uid) or (None, "")
        bot_id = self._dm_bots.get(platform) if platform else None
        return (bot_id, account) if bot_id else None

    def _read_dm_bots(self) -> dict[BotPlatform, int]:
        """Return the ID of each platform's bot for direct messages; none if no person has an
        account.
        """
        people = chain(self._creators.values(), *self._members.values())
        if not any(row.platform_uid for row in people):
            return {}
        bots = db.session.execute(statements.DM_BOTS)
        return {BotPlatform(row.platform): row.id for row in bots}


def _participants(entries: Sequence[Row[Any]]) -> dict[int, set[int]]:
    """Return the participants of each entry's conversation, by entry; empty without one."""
    found: dict[int, set[int]] = defaultdict(set)
    ids = [entry.id for entry in entries if entry.kind in notification_rules.CONVERSATION_TYPES]
    if ids:
        for entry_id, developer_id in db.session.execute(statements.PARTICIPANTS, {"entries": ids}):
            found[entry_id].add(developer_id)
    return found


def _potential_recipient(
    row: Row[Any], entry: Row[Any], taking_part: Collection[int]
) -> PotentialRecipient:
    person = notification_rules.person_for_task(
        SystemRole(row.role),
        ProjectRole(row.project_role) if row.project_role else None,
        is_creator=row.id == entry.created_by,
        is_deleted=entry.is_deleted,
    )
    return PotentialRecipient(
        row.id, person, notification_rules.load_preferences(row.choices), row.id in taking_part
    )
