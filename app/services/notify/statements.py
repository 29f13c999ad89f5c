"""The SQL of the fan-out (`fan_out`): each statement handles a whole batch of outbox entries."""

from sqlalchemy import select, text

from app.postgres import advisory_locks
from app.postgres.advisory_locks import AdvisoryLock

# Held until the transaction ends, so that one process at a time expands, and a task's entries are
# expanded in order. Others wait instead of giving up: the holder may not have seen the latest
# commits.
ACQUIRE_LOCK = select(advisory_locks.acquire(AdvisoryLock.EXPAND_OUTBOX))
# The oldest :batch entries that aren't expanded yet, each with its task and project, its gate if
# one was opened, and the host if one was denied.
WAITING_ENTRIES = text("""
    SELECT o.id, o.task_id, o.number, o.kind, o.round, o.stage_index, o.actor_id, o.message,
           o.created_at, t.created_by, t.description, t.status,
           t.suspend_reason, EXISTS (
               SELECT FROM gates AS q
               WHERE q.task_id = t.id AND q.round = t.round AND q.answered_at IS NULL
           ) AS is_asking,
           t.pipeline -> o.stage_index ->> 'name' AS stage,
           p.id AS project_id, p.key AS project_key, p.deleted_at IS NOT NULL AS is_deleted,
           g.kind AS gate_kind, g.number AS gate_number, g.prompt, g.choices,
           g.answerers,
           e.data ->> 'host' AS host, e.data ->> 'network' AS network
    FROM outbox AS o
    JOIN tasks AS t ON t.id = o.task_id
    JOIN projects AS p ON p.id = t.project_id
    LEFT JOIN task_events AS e ON o.kind IN ('egress_refused', 'gate_opened')
                              AND e.task_id = o.task_id AND e.number = o.number
    LEFT JOIN gates AS g ON o.kind = 'gate_opened' AND g.task_id = o.task_id
                        AND g.round = o.round AND g.stage_index = o.stage_index
                        AND g.number = coalesce(CAST(e.data ->> 'number' AS int), 0)
    WHERE o.expanded_at IS NULL
    ORDER BY o.id
    LIMIT :batch
""")
# People whose accounts aren't disabled, with their preferences: one row for each member of each of
# :projects, then one for each of :creators, where project_id is null: they needn't be members.
MEMBERS_AND_CREATORS = text("""
    SELECT pm.project_id, pm.role AS project_role, d.id, d.role, d.platform_uid, np.choices
    FROM project_members AS pm
    JOIN developers AS d ON d.id = pm.developer_id
    LEFT JOIN notification_preferences AS np ON np.developer_id = d.id
    WHERE pm.project_id = ANY(:projects) AND d.disabled_at IS NULL
    UNION ALL
    SELECT NULL, NULL, d.id, d.role, d.platform_uid, np.choices
    FROM developers AS d
    LEFT JOIN notification_preferences AS np ON np.developer_id = d.id
    WHERE d.id = ANY(:creators) AND d.disabled_at IS NULL
""")
# The participants of the conversations of :entries: those who have written in the thread or, for a
# review, in any thread of its task, and those who have reviewed it; the author of a message.
PARTICIPANTS = text("""
    SELECT o.id, c.author_id
    FROM outbox AS o
    JOIN task_events AS e ON e.task_id = o.task_id AND e.number = o.number
    JOIN review_threads AS t ON t.task_id = o.task_id
                            AND (o.kind = 'reviewed' OR t.id = CAST(e.data ->> 'thread' AS bigint))
    JOIN review_comments AS c ON c.thread_id = t.id AND c.author_id IS NOT NULL
                             AND c.published_at IS NOT NULL
    WHERE o.id = ANY(:entries)
    UNION
    SELECT o.id, r.author_id
    FROM outbox AS o
    JOIN reviews AS r ON r.task_id = o.task_id
    WHERE o.id = ANY(:entries) AND o.kind = 'reviewed'
    UNION
    SELECT o.id, CAST(e.data -> 'createdBy' ->> 'id' AS bigint)
    FROM outbox AS o
    JOIN task_events AS e ON e.task_id = o.task_id AND e.number = o.number
    WHERE o.id = ANY(:entries) AND o.kind = 'message_unread'
""")
# The chats that bots have bound to :projects.
BOUND_CHATS = text("""
    SELECT project_id, bot_id, platform_chat_id FROM bot_bindings WHERE project_id = ANY(:projects)
""")
# The bot for direct messages on each platform where people have accounts: the oldest one.
DM_BOTS = text("""
    SELECT DISTINCT ON (platform) platform, id FROM bots
    WHERE platform IN ('slack', 'lark') ORDER BY platform, id
""")
# One in-app notification for each of :rows.
INSERT_NOTIFICATIONS = text("""
    INSERT INTO notifications (developer_id, type, title, body, task_id, event_number, created_at)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        developer_id bigint, type text, title text, body text, task_id bigint, event_number int,
        created_at timestamptz)
    ON CONFLICT (developer_id, task_id, event_number) DO NOTHING
""")
# One new message for each of :rows, unless its bot has been removed meanwhile.
INSERT_POSTS = text("""
    INSERT INTO deliveries (outbox_id, task_id, bot_id, chat_id, developer_id, action, state,
                            attempts, due_at, created_at)
    SELECT r.outbox_id, r.task_id, r.bot_id, r.chat_id, r.developer_id, 'post', 'pending', 0,
           :now, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        outbox_id bigint, task_id bigint, bot_id bigint, chat_id text, developer_id bigint)
    JOIN bots ON bots.id = r.bot_id
    ON CONFLICT (outbox_id, bot_id, chat_id, action) DO NOTHING
""")
# Each of the entries :closing (`o`) closes a question (`q`). For each card on which it was posted
# (`d`), one edit. A card is edited once, by the first entry that closes its question.
INSERT_CARD_EDITS = text("""
    INSERT INTO deliveries (outbox_id, task_id, bot_id, chat_id, developer_id, action, card_id,
                            state, attempts, due_at, created_at)
    SELECT DISTINCT ON (d.id) o.id, d.task_id, d.bot_id, d.chat_id, d.developer_id,
           CAST('edit' AS delivery_action), d.id, CAST('pending' AS delivery_state), 0,
           CAST(:now AS timestamptz), CAST(:now AS timestamptz)
    FROM outbox AS o
    JOIN outbox AS q ON q.task_id = o.task_id AND q.round = o.round AND q.number < o.number
                    AND q.kind = 'gate_opened'
                    AND (o.kind NOT IN ('gate_answered', 'gate_withdrawn')
                         OR q.stage_index = o.stage_index)
    JOIN deliveries AS d ON d.outbox_id = q.id AND d.action = 'post' AND d.state <> 'dead'
    WHERE o.id = ANY(:closing)
      AND NOT EXISTS (SELECT FROM deliveries AS e WHERE e.card_id = d.id)
    ORDER BY d.id, o.number
    ON CONFLICT (outbox_id, bot_id, chat_id, action) DO NOTHING
""")
# Each of the entries :closing (`o`) closes questions. Mark the notifications of these as read, for
# everyone. In ID order, so that two such statements don't wait for each other.
MARK_CLOSED_READ = text("""
    WITH closed AS (
        SELECT n.id
        FROM outbox AS o
        JOIN notifications AS n ON n.task_id = o.task_id AND n.event_number < o.number
                               AND n.type = 'gate_opened' AND n.read_at IS NULL
        JOIN task_events AS e ON e.task_id = n.task_id AND e.number = n.event_number
        WHERE o.id = ANY(:closing)
          AND (o.kind NOT IN ('gate_answered', 'gate_withdrawn') OR e.stage_index = o.stage_index)
        ORDER BY n.id
        FOR UPDATE OF n
    )
    UPDATE notifications AS n SET read_at = :now FROM closed WHERE n.id = closed.id
    RETURNING n.developer_id
""")
# Mark the entries of :rows as expanded, and store the content that their messages show (`content`).
MARK_EXPANDED = text("""
    UPDATE outbox AS o SET expanded_at = :now, content = r.content
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, content jsonb) WHERE o.id = r.id
""")
