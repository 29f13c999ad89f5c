"""Examples of all bodies and responses, built from the schemas and a vocabulary of likely
values.
"""

from typing import Any

from app.api.openapi.request_examples import REQUEST_EXAMPLES

MACHINE = "0b7e5a4c-3f8d-4c7e-9a51-6d2f8e1b4c90"

# Values by property name or, if that isn't unique, by `Schema.property`.
EXAMPLE_VALUES: dict[str, Any] = {
    "action": "machine.drained",
    "accessToken": "eyJhbGciOiJIUzI1NiJ9.eyJ0eXAiOiJhY2Nlc3MifQ.8Gf0…",
    "agentCommand": "claude -p {description}",
    "agentType": "claude",
    "allowedTools": ["Bash(make test:*)"],
    "appId": "A024BE7LH",
    "appSecret": "xoxb-example",
    "arguments": ["--verbose"],
    "auditLog": False,
    "arch": "x86_64",
    "branch": "muster/task-42",
    "body": "stage publish asks: Publish it?",
    "by": "ada",
    "channelToken": "mst_chan_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d",
    "chatName": "deploys",
    "command": "{description}",
    "blob": "3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
    "baseCommit": "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "commit": "5ca14d1f29a0d7651f53c2a37382cff093a35ca1",
    "code": "492039",
    "clientName": "ada's laptop",
    "codeChallenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "codeVerifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "deviceCode": "mst_device_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d",
    "userCode": "BCDF-GHJK",
    "comment": "Looks right.",
    "currentPassword": "correct horse battery staple",
    "cursor": "IjQyIg.2Fd3bKJq5cHk0yTzvXrXlH1mQ9s",
    "createdAt": "2030-01-31T12:00:00.000Z",
    "deadlineSeconds": 900,
    "defaultBranch": "main",
    "description": "Make the parser accept durations such as 1h30m.",
    "detail": "Not found, or you don't have access.",
    "developerId": 7,
    "diskBytes": 256 << 30,
    "environment": {"CI": "1"},
    "gitEmail": "ada@example.org",
    "gitName": "Ada Lovelace",
    "gitToken": "ghp_example",
    "headCommit": "5ca14d1f29a0d7651f53c2a37382cff093a35ca1",
    "host": "packages.example.com",
    "hostname": "builder-1",
    "id": 42,
    "key": "WEB",
    "label": "ci",
    "machineName": "builder-1",
    "machineSelector": None,
    "memoryBytes": 16 << 30,
    "message": "stage develop finished",
    "model": "claude-sonnet-4-5",
    "name": "ada",
    "newPassword": "a longer horse, a better staple",
    "nextCursor": None,
    "note": "a new disk",
    "os": "Linux",
    "password": "correct horse battery staple",
    "path": "/home/worker/.muster-worker/workspaces/42-1",
    "platformChatId": "C024BE91L",
    "platformUid": "slack:U024BE7LH",
    "prefix": "mst_pat_Zx81kQ",
    "priority": 0,
    "projectKey": "WEB",
    "prompt": "Publish it?",
    "q": "durations",
    "qrCode": "data:image/svg+xml;base64,PHN2Zy8+",
    "reason": "offline",
    "recoveryCodes": ["3kq7-w9xm", "p2ds-8vhc"],
    "recoverySecret": "mst_rec_9vQ2nT4xB6mK8pR1sW3yZ5aC7eG0hJ2k_4f1c",
    "refreshToken": "5wJ3Qm9Yc1nT7xB4vK8pR2sW6yZ0aC3eG5hJ7kL9mN1p",
    "repoUrl": "https://git.example.org/web.git",
    "result": "confirm",
    "search": "finished",
    "secret": "JBSWY3DPEHPK3PXP",
    "secretNames": ["NPM_TOKEN"],
    "secrets": {"NPM_TOKEN": "npm_example"},
    "stageName": "publish",
    "targetType": "machine",
    "taskId": 42,
    "text": "\u001b[32m12 passed\u001b[0m in 0.31s",
    "timeout": 3600,
    "token": "mst_pat_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d",
    "title": "Task 42 is waiting for you",
    "totpCode": None,
    "uri": "otpauth://totp/Muster:ada?secret=JBSWY3DPEHPK3PXP&issuer=Muster",
    "username": "ada",
    "webhookToken": "8f742231b10e8888abcd99yyyzzz85a5",
    "email": "ada@example.org",
    "encryptKey": None,
    "version": "0.1.0",
    "workerJwt": "eyJhbGciOiJIUzI1NiJ9.eyJ0eXAiOiJ3b3JrZXIifQ.Qm4d…",
    "Activity.attempt": 1,
    "Activity.data": {"stage": "develop", "exitCode": 0},
    "Activity.id": 5,
    "Activity.type": "stage_finished",
    "AuditChanges.after": {"status": "draining"},
    "AuditChanges.before": {"status": "online"},
    "AuditEntry.machine": None,
    "AuditEntry.remoteAddress": "192.0.2.7",
    "AuditEntry.requestId": "5f1d0c9a7b3e4d2f8a6c1b0e9d8f7a6c",
    "AuditEntry.targetId": MACHINE,
    "Block.machineId": MACHINE,
    "Block.actual": None,
    "Block.detail": None,
    "Block.measure": {"kind": "slots", "value": 4, "limit": 4, "setting": None},
    "Block.reason": "no_free_slot",
    "Block.required": None,
    "Block.since": None,
    "Block.until": None,
    "Budget": {"minutes": 120, "tokens": 2_000_000, "cost": 25},
    "Capability.reason": None,
    "Capability.version": "2.1.4",
    "CreatedToken.prefix": "mst_enroll_Zx81k",
    "CreatedToken.token": "mst_enroll_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d",
    "Delivery.action": "post",
    "Delivery.attempts": 8,
    "Delivery.botName": "Deploys",
    "Delivery.chatId": "C024BE91L",
    "Delivery.developerId": None,
    "Delivery.doneAt": "2030-01-31T12:00:00.000Z",
    "Delivery.error": "HTTP 503",
    "Delivery.state": "dead",
    "EnrollmentToken.prefix": "mst_enroll_Zx81k",
    "Event.data": {"stage": "develop", "exitCode": 0},
    "Event.type": "stage_finished",
    "EventPage.searchedFrom": None,
    "Failure.code": "machine_lost",
    "MonthBudget.month": "2030-01",
    "SearchResults.query": "durations",
    "MachineResult.name": "builder-1",
    "ProjectResult.name": "Web",
    "Machine.name": "builder-1",
    "MachineChange": {"slots": 4},
    "MachineNumbers": {"online": 3, "offline": 1, "draining": 1, "total": 4},
    "NewBot.name": "Deploys",
    "AllowedHosts.allow": ["packages.example.com", "*.example.org:443", "@agent"],
    "Bot.name": "Deploys",
    "BotBinding.botName": "Deploys",
    "NewTunnel.ttlSeconds": 3600,
    "Notification.readAt": None,
    "Notification.type": "gate_opened",
    "NotificationPage.unreadCount": 3,
    "PendingGate.budgets": None,
    "Project.name": "Web",
    "Project.taskCounts": {"queued": 1, "running": 2, "completed": 40},
    "QueueAge.oldestSeconds": 12,
    "Read.updated": 3,
    "Session.address": "192.0.2.7",
    "Session.device": "Firefox on Linux",
    "Session.provider": None,
    "Session.via": "password",
    "Setting": {
        "key": "maxLoadPercent",
        "name": "CPU load for new tasks",
        "group": "machines",
        "type": "number",
        "unit": "percent",
        "help": "CPU load above which a machine gets no task.",
        "minimum": 1,
        "maximum": 100,
        "pattern": None,
        "choices": None,
        "default": 90,
        "value": 80,
        "warning": None,
        "updatedAt": "2030-01-31T12:00:00.000Z",
        "updatedBy": {"id": 7, "name": "ada"},
    },
    "SettingChanges": {"maxLoadPercent": 80, "loginFailures": None},
    "Settings.settings": {"maxLoadPercent": 80},
    "SlotNumbers": {"total": 8, "used": 2},
    "Slots": {"total": 2, "used": 1},
    "Stage": {"name": "develop", "command": "{description}", "kind": "agent", "timeout": 3600},
    "TaskNumbers": {
        "queued": 1,
        "assigned": 0,
        "running": 2,
        "suspended": 1,
        "completedToday": 17,
        "failedToday": 2,
    },
    "Usage": {
        "inputTokens": 48_210,
        "cachedTokens": 36_000,
        "outputTokens": 2140,
        "reasoningTokens": None,
        "cost": 0.1842,
        "isEstimate": True,
    },
    "Used": {"minutes": 41.5, "tokens": 1_210_000, "cost": 14.2},
    "UsageGroup.name": "The web shop",
    "Workspace.branch": "muster/42-1",
    "Workspace.diff": {"filesChanged": 3, "insertions": 41, "deletions": 7},
    "Workspace.sizeBytes": 5 << 20,
    "Workspace.state": "ready",
    "Tunnel.error": None,
    "Tunnel.restarts": 0,
    "Tunnel.state": "connected",
    "Tunnel.url": "https://vscode.dev/tunnel/m42-1-k3f9x2ab/srv/muster/workspaces/42-1",
    "TerminalInput.attempt": 1,
    "TerminalInput.bytes": 112,
    "TranscriptEntry.at": "2030-01-31T12:00:07.250Z",
    "TranscriptEntry.attempt": 1,
    "TranscriptEntry.data": {"command": "make test", "exitCode": 0},
    "TranscriptEntry.finishedAt": "2030-01-31T12:00:07.810Z",
    "TranscriptEntry.kind": "command",
    "TranscriptEntry.logOffset": 4096,
    "TranscriptEntry.number": 17,
    "TranscriptEntry.startedAt": "2030-01-31T12:00:07.250Z",
    "TranscriptEntry.state": "done",
    "TranscriptEntry.text": "12 passed in 0.31s",
    "TranscriptEntry.title": "make test",
    "Task.pipeline": [
        {"name": "develop", "command": "{description}", "kind": "agent", "timeout": 3600},
        {"name": "publish", "command": "make publish", "kind": "shell", "confirm": True},
    ],
}
_FORMATS = {"uuid": MACHINE, "date-time": "2030-01-31T12:00:00.000Z", "binary": "12 passed\n"}


class Examples:
    """The examples of one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.schemas = document["components"]["schemas"]

    def add(self) -> None:
        """Add an example to every body and response that has none."""
        for item in self.document["paths"].values():
            for method, operation in item.items():
                if method != "parameters":
                    self._add_to(operation)

    def _add_to(self, operation: dict[str, Any]) -> None:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            if name in REQUEST_EXAMPLES:
                content["example"] = REQUEST_EXAMPLES[name]
            else:
                self._add_missing(content)
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                self._add_missing(content)

    def _add_missing(self, content: dict[str, Any]) -> None:
        if not content.keys() & {"example", "examples"}:
            content["example"] = self.example_for(content["schema"], "")

    def example_for(self, schema: dict[str, Any], name: str) -> Any:
        """Return an example of the schema. `name` is `Schema.property`, if the value is a
        property's.
        """
        owner, _, prop = name.rpartition(".")
        for word in (name, prop if owner else None):
            if word and word in EXAMPLE_VALUES and _has_type(EXAMPLE_VALUES[word], schema):
                return EXAMPLE_VALUES[word]
        if "$ref" in schema:
            reference = schema["$ref"].rpartition("/")[2]
            return EXAMPLE_VALUES.get(reference) or self.example_for(
                self.schemas[reference], reference
            )
        if "anyOf" in schema:
            return self.example_for(schema["anyOf"][0], name)
        if "enum" in schema:
            return schema["enum"][0]
        if "properties" in schema:
            return self._object(schema, name)
        return self._scalar(schema, name)

    def _object(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        return {
            prop: self.example_for(its, f"{name}.{prop}")
            for prop, its in schema["properties"].items()
        }

    def _scalar(self, schema: dict[str, Any], name: str) -> Any:
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "array":
            return [self.example_for(schema["items"], f"{name}[]")]
        if kind == "string":
            return _FORMATS.get(schema.get("format", ""), "text")
        plain = {"integer": schema.get("minimum", 0), "number": 12.5, "boolean": True}
        return plain.get(kind, {})


def _has_type(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value of `EXAMPLE_VALUES` has the schema's type: `id` is a number here and a
    UUID there.
    """
    kinds = schema.get("type")
    allowed = [kinds] if isinstance(kinds, str) else kinds or []
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "$ref" in schema or "anyOf" in schema:
        return isinstance(value, dict | list) or value is None
    is_uuid = schema.get("format") == "uuid"
    return _json_type(value) in allowed and not (is_uuid and isinstance(value, int))


def _json_type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")
