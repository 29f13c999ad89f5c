"""Example bodies of requests: what a client typically sends, by schema.

They leave out what most clients leave out, for people send the example to try an operation.
"""

from typing import Any

_PASSWORD = "correct horse battery staple"
_COMMIT = "5ca14d1f29a0d7651f53c2a37382cff093a35ca1"
_BLOB = "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"
_DESCRIPTION = "Make the parser accept durations such as 1h30m."
_MACHINE = "0b7e5a4c-3f8d-4c7e-9a51-6d2f8e1b4c90"
_COMMENT = {
    "path": "src/durations.py",
    "side": "new",
    "line": 12,
    "commit": _COMMIT,
    "body": "Accept days, too.",
}

REQUEST_EXAMPLES: dict[str, Any] = {
    # accounts
    "Login": {"username": "ada", "password": _PASSWORD},
    "Reauthentication": {"password": _PASSWORD},
    "InvitationSecret": {"token": "mst_invite_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d"},
    "InvitationAnswer": {
        "token": "mst_invite_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d",
        "name": "ada",
        "password": _PASSWORD,
    },
    "NewDeveloper": {
        "name": "ada",
        "password": _PASSWORD,
        "role": "developer",
        "gitName": "Ada Lovelace",
        "gitEmail": "ada@example.org",
    },
    "DeveloperChanges": {"gitName": "Ada Lovelace", "gitEmail": "ada@example.org"},
    "NewInvitation": {"email": "ada@example.org", "projects": [{"key": "WEB", "role": "member"}]},
    "NewPersonalToken": {"label": "ci", "scopes": ["read"], "projects": ["WEB"]},
    "PreferenceChanges": {"gateOpened": {"inApp": True, "chat": True, "scope": "own"}},
    "NewIdentity": {"provider": "corp", "subject": "248289761001"},
    "NewProvider": {
        "name": "corp",
        "label": "Example Corp",
        "issuer": "https://id.example.org/realms/corp",
        "clientId": "muster",
        "clientSecret": "the provider shows it",
    },
    "ProviderChanges": {"label": "Example Corp", "emailDomains": ["example.org"]},
    # tasks
    "NewTask": {"projectKey": "WEB", "description": _DESCRIPTION},
    "DraftChanges": {"projectKey": "WEB", "description": _DESCRIPTION},
    "NewView": {"name": "My open tasks", "query": "createdBy=me&status=running"},
    "ViewChanges": {"name": "My open tasks"},
    "NewMessage": {"text": "Use the parser in src/durations.py.", "when": "next"},
    "InterruptOptions": {},
    "GateAnswer": {"stageIndex": 1, "result": "confirm", "comment": "Looks right."},
    "ReviewCommentInput": {**_COMMENT, "publish": True},
    "CommentChange": {"body": "Accept days and weeks, too."},
    "NewReview": {"verdict": "approve", "body": "Looks right.", "commit": _COMMIT},
    "ViewedMark": {"path": "src/durations.py", "blob": _BLOB, "viewed": True},
    "NewFollowUp": {"instruction": "Accept days, too."},
    "TerminalOptions": {"mode": "watch"},
    # projects and machines
    "NewProject": {
        "key": "WEB",
        "name": "Web",
        "repoUrl": "https://git.example.org/web.git",
        "defaultBranch": "main",
        "agentType": "claude",
    },
    "ProjectUpdate": {"name": "Web", "defaultBranch": "main"},
    "ProjectCheck": {"repoUrl": "https://git.example.org/web.git", "defaultBranch": "main"},
    "NewDryRun": {
        "description": _DESCRIPTION,
        "pipeline": [{"name": "develop", "command": "{description}", "kind": "agent"}],
    },
    "NewEnrollmentToken": {"label": "builder-1"},
    "NewDrain": {"note": "a new disk", "deadlineSeconds": 900},
    "BotUpdate": {"name": "Deploys"},
    "BotTest": {"chatId": "C024BE91L"},
    "Registration": {
        "machineId": _MACHINE,
        "token": "mst_enroll_Zx81kQ4vB6mK8pR1sW3yZ5aC7eG0hJ2k_9a3d",
        "name": "builder-1",
        "capabilities": [{"agentType": "claude", "version": "2.1.4", "healthy": True}],
        "hardware": {"cpuCount": 8, "memoryBytes": 16 << 30, "os": "Linux", "arch": "x86_64"},
        "slots": 2,
        "version": "0.1.0",
    },
}
