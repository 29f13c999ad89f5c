"""The command for each route of the contract, and why some have none.

`{task}` and the like are values of `tests.contract.rights_world`. The name before the colon is the
person who runs the command (default: the admin).
"""

COMMANDS = {
    "GET /healthz": "member: status",
    "GET /readyz": "member: status",
    "GET /.well-known/muster-evidence.json": "member: api /.well-known/muster-evidence.json",
    "POST /api/auth/reauthenticate": "member: profile reauthenticate",
    # ---- tasks
    "GET /api/web/tasks": "member: task list --status suspended --needs-me --search '#{task}'",
    "POST /api/web/tasks": "member: task create -p {key} -d Do",
    "GET /api/web/tasks/:taskId": "member: task show {task}",
    "POST /api/web/tasks/:taskId/cancel": "creator: task cancel {task}",
    "POST /api/web/tasks/:taskId/retry": "creator: task retry {task}",
    "POST /api/web/tasks/:taskId/confirm-stage": "member: task confirm {task} -c fine",
    "GET /api/web/tasks/:taskId/pending-confirm": "member: task confirm {task} --reject",
    "GET /api/web/tasks/:taskId/follow-ups": "member: task follow-ups {task}",
    "POST /api/web/tasks/:taskId/send-back": "member: task send-back {task}",
    "POST /api/web/tasks/:taskId/follow-ups": "member: task follow-up {task} -d More",
    "GET /api/web/tasks/:taskId/follow-ups/:followUpId": "member: task withdraw {task} {task}",
    "DELETE /api/web/tasks/:taskId/follow-ups/:followUpId": "member: task withdraw {task} {task}",
    "GET /api/web/tasks/:taskId/messages": "member: task messages {task}",
    "POST /api/web/tasks/:taskId/messages": "member: task message {task} Hm",
    "GET /api/web/tasks/:taskId/messages/:messageId": (
        "member: task withdraw-message {task} {task}"
    ),
    "DELETE /api/web/tasks/:taskId/messages/:messageId": (
        "member: task withdraw-message {task} {task}"
    ),
    "POST /api/web/tasks/:taskId/interrupt": "creator: task interrupt {task}",
    "GET /api/web/tasks/:taskId/terminal-inputs": "maintainer: task inputs {task}",
    "GET /api/web/tasks/:taskId/events": "member: task events {task} --type created",
    "GET /api/web/tasks/:taskId/diff": "member: task diff {task} --stat",
    "GET /api/web/tasks/:taskId/files": "member: task file {task} made.py",
    "GET /api/web/tasks/:taskId/logs": "member: task logs {task} --tail 3",
    "GET /api/web/tasks/:taskId/logs/raw": "member: task logs {task}",
    "GET /api/web/tasks/:taskId/recording": "member: task recording {task} -o -",
    "GET /api/web/tasks/:taskId/transcript": "member: task transcript {task}",
    "GET /api/web/tasks/:taskId/evidence": "member: task evidence {task} -o -",
    "GET /api/web/tasks/:taskId/stream": "member: task watch {task}",
    "GET /api/web/tasks/:taskId/comments": "member: task comments {task} --state open",
    "POST /api/web/tasks/:taskId/comments": "member: task comment {task} -b Hm --publish",
    "PUT /api/web/tasks/:taskId/comments/:commentId": (
        "member: task edit-comment {task} {task} -b x"
    ),
    "DELETE /api/web/tasks/:taskId/comments/:commentId": (
        "member: task delete-comment {task} {task}"
    ),
    "POST /api/web/tasks/:taskId/threads/:threadId/resolve": "member: task resolve {task} {task}",
    "POST /api/web/tasks/:taskId/threads/:threadId/reopen": "member: task reopen {task} {task}",
    "GET /api/web/tasks/:taskId/reviews": "member: task reviews {task}",
    "POST /api/web/tasks/:taskId/reviews": "member: task review {task} --comment -b Good",
    "PUT /api/web/tasks/:taskId/dismiss": "creator: task dismiss {task}",
    "GET /api/web/workspaces/:taskId": "member: task workspace {task}",
    "POST /api/web/workspace-tunnel/:taskId/start": "creator: task tunnel start {task} --ttl 60",
    "POST /api/web/workspace-tunnel/:taskId/stop": "creator: task tunnel stop {task}",
    "GET /api/web/workspace-tunnel/:taskId/status": "member: task tunnel status {task}",
    # ---- machines and projects
    "GET /api/web/agents": "member: agents",
    "GET /api/web/machines": "member: machine list --status online",
    "GET /api/web/machines/:machineId": "member: machine show {machine_id}",
    "GET /api/web/machines/:machineId/tasks": "member: machine tasks {machine_id}",
    "POST /api/web/machines/:machineId/drain": "lead: machine drain {machine_id} --yes",
    "POST /api/web/machines/:machineId/undrain": "lead: machine undrain {machine_id}",
    "GET /api/web/projects": "member: project list",
    "GET /api/web/projects/-/developers": "member: project developers",
    "GET /api/web/projects/:key": "member: project show {key}",
    "GET /api/web/projects/:key/budget": "member: project budget {key}",
    "POST /api/web/projects/-/pipeline/dry-run": "member: project dry-run - -d Do",
    "POST /api/web/projects/:key/pipeline/dry-run": "member: project dry-run {key} -d Do",
    "PUT /api/web/projects/:key": "maintainer: project apply --yes -f {file}",
    "DELETE /api/web/projects/:key/secrets": "maintainer: project destroy-secrets {key} --yes",
    "POST /api/web/projects/:key/network/allow": "maintainer: project allow {key} --host a.example",
    "POST /api/web/projects/:key/checks": "maintainer: project check {key} --no-wait",
    "GET /api/web/projects/:key/checks/:checkId": "maintainer: project check {key} --id {key}",
    "GET /api/web/projects/:key/deploy-key": "maintainer: project deploy-key {key}",
    "POST /api/web/projects/:key/deploy-key": "maintainer: project deploy-key {key} --generate",
    "GET /api/web/projects/:key/members": "maintainer: project members {key}",
    "POST /api/web/projects/:key/members": "maintainer: project add-member {key} {target}",
    "DELETE /api/web/projects/:key/members": "maintainer: project remove-member {key} {a_member}",
    # ---- own account
    "GET /api/web/profile": "member: whoami",
    "GET /api/web/profile/budget": "member: profile budget",
    "PUT /api/web/profile": "member: profile set --git-name Me",
    "GET /api/web/profile/sessions": "member: profile sessions",
    "DELETE /api/web/profile/sessions": "member: profile end-session --others",
    "DELETE /api/web/profile/sessions/:sessionId": "member: profile end-session {session}",
    "GET /api/web/profile/tokens": "member: profile tokens",
    "POST /api/web/profile/tokens": "member: profile create-token --label x --scope read",
    "POST /api/web/profile/tokens/:tokenId/revoke": "member: profile revoke-token {personal_token}",
    "POST /api/web/profile/chat-token": "member: profile chat-token",
    "GET /api/web/profile/notifications": "member: notifications preferences",
    "PUT /api/web/profile/notifications": (
        "member: notifications set-preferences -F 'reviewed={{\"chat\":true}}'"
    ),
    "GET /api/web/dashboard/stats": "member: status",
    "GET /api/web/dashboard/recent-activity": "member: activity",
    "GET /api/web/usage": "member: usage --by task --csv",
    "GET /api/web/notifications": "member: notifications list --all",
    "POST /api/web/notifications/:notificationId/read": "member: notifications read {notification}",
    "POST /api/web/notifications/read-all": "member: notifications read --all",
    "POST /api/web/notifications/unread": "member: notifications read --undo {notification}",
    "GET /api/web/inbox": "member: inbox --kind gate",
    "GET /api/web/getting-started": "member: setup",
    "PUT /api/web/getting-started": "setup --dismiss",
    "GET /api/web/stream": "member: notifications watch --tasks",
    "GET /api/web/search": "member: search {key}",
    # ---- admins
    "GET /api/admin/developers": "admin developers list",
    "POST /api/admin/developers": "admin developers create new --git-email a@b.example",
    "PUT /api/admin/developers/:developerId": "admin developers update {target} --role lead",
    "PUT /api/admin/developers/:developerId/reset-totp": "admin developers reset-totp {target} -y",
    "DELETE /api/admin/developers/:developerId/sessions": "admin developers sign-out {target} -y",
    "GET /api/admin/developers/:developerId/identities": "admin identities list {target}",
    "POST /api/admin/developers/:developerId/identities": (
        "admin identities link {target} --provider {other_provider} --subject x"
    ),
    "DELETE /api/admin/developers/:developerId/identities/:identityId": (
        "admin identities unlink {target} {target} --yes"
    ),
    "GET /api/admin/invitations": "invitation list",
    "POST /api/admin/invitations": "invitation create --project {key}:maintainer",
    "DELETE /api/admin/invitations/:invitationId": "invitation withdraw {invitation} --yes",
    "GET /api/admin/identity-providers": "admin providers list",
    "POST /api/admin/identity-providers": (
        "admin providers create --name n --label N --issuer https://n.example --client-id x"
    ),
    "PUT /api/admin/identity-providers/:providerId": (
        "admin providers update {provider_id} -F label=x"
    ),
    "DELETE /api/admin/identity-providers/:providerId": "admin providers delete {provider_id} -y",
    "GET /api/admin/projects": "admin projects list",
    "POST /api/admin/projects": "admin projects create --key NEW --repo-url https://a.example/b.git",
    "POST /api/admin/projects/-/checks": (
        "project check - --repo-url https://a.example/b.git --no-wait"
    ),
    "GET /api/admin/projects/-/checks/:checkId": "project check - --id {key}",
    "PUT /api/admin/projects/:key": "admin projects update {key} -F name=x",
    "DELETE /api/admin/projects/:key": "admin projects delete {key} --force --yes",
    "DELETE /api/admin/projects/:key/secrets": "admin projects destroy-secrets {key} --yes",
    "GET /api/admin/projects/:key/members": "admin projects members {key}",
    "POST /api/admin/projects/:key/members": "admin projects set-member {key} {target}",
    "DELETE /api/admin/projects/:key/members": (
        "admin projects remove-member {key} --developer-id {a_member}"
    ),
    "GET /api/admin/worker-tokens": "admin tokens list",
    "POST /api/admin/worker-tokens": "admin tokens create --label x",
    "POST /api/admin/worker-tokens/:tokenId/revoke": "admin tokens revoke {worker_token}",
    "GET /api/admin/worker-tokens/:tokenId/status": "admin tokens status {worker_token}",
    "GET /api/admin/machines": "admin machines list",
    "PUT /api/admin/machines/:machineId": "admin machines update {machine_id} --label gpu=true",
    "DELETE /api/admin/machines/:machineId": "admin machines decommission {machine_id} --yes",
    "GET /api/admin/bots": "admin bots list",
    "POST /api/admin/bots": (
        "admin bots create --platform apprise --name x -F webhookToken=json://localhost"
    ),
    "PUT /api/admin/bots/:botId": "admin bots update {bot} -F name=x",
    "DELETE /api/admin/bots/:botId": "admin bots delete {bot} --yes",
    "POST /api/admin/bots/:botId/test": "admin bots test {bot}",
    "GET /api/admin/bots/all-bindings": "admin bots bindings",
    "GET /api/admin/bots/:botId/bindings": "admin bots bindings --bot {bot}",
    "POST /api/admin/bots/:botId/bindings": "admin bots bind {bot} --chat y --project {key}",
    "DELETE /api/admin/bots/:botId/bindings": "admin bots unbind {bot} --binding-id 987654",
    "GET /api/admin/deliveries": "admin deliveries list --state dead",
    "POST /api/admin/deliveries/:deliveryId/retry": "admin deliveries retry {delivery}",
    "GET /api/admin/audit-logs": "admin audit --action machine.",
    "GET /api/admin/settings": "admin settings list",
    "PUT /api/admin/settings": "admin settings set maxLogMegabytes=100",
}

_BY_LOGIN = "`muster login` and `logout` use it: test_login"
_BROWSER = "only for browsers, by their cookie"
_SSO = "`muster login` leaves it to the browser, and signs in as a device"
_CONSOLE = "state of the console's own pages"
_DRAWN = "data for charts; scripts can use `muster api`"
_FACTOR = "passwords and second factors are set up in the console, which shows a QR code"
_LET_IN = "devices are approved in the console, by a signed-in person"
_ATTACH = "`muster attach`, which has its own tests"
_INVITATION = "people accept invitations in the browser"
_INSTALL = "new machines download it, by the command of `muster machine add`"
_MACHINE = "for workers, not people"
_FETCHED = "the install command downloads it"
_PLATFORM = "for chat platforms"

WITHOUT = {
    "POST /api/admin/projects/-/deploy-key": "for the console's form; a project's key is enough",
    "GET /metrics": "for Prometheus; `muster api /metrics` shows it",
    "GET /api/openapi.json": "the document itself; `muster api /api/openapi.json` shows it",
    "GET /api/docs": "a page of HTML",
    "POST /api/auth/login": "passwords are entered only in browsers",
    "POST /api/auth/refresh": _BY_LOGIN,
    "POST /api/auth/logout": _BY_LOGIN,
    "POST /api/auth/device": _BY_LOGIN,
    "POST /api/auth/device/token": _BY_LOGIN,
    "POST /api/auth/browser/login": _BROWSER,
    "POST /api/auth/browser/refresh": _BROWSER,
    "POST /api/auth/browser/logout": _BROWSER,
    "GET /api/auth/providers": _SSO,
    "GET /api/auth/oidc/:provider/start": _SSO,
    "GET /api/auth/oidc/:provider/callback": _SSO,
    "POST /api/auth/oidc/exchange": _SSO,
    "POST /api/auth/oidc/logout": _SSO,
    "GET /api/web/device/:userCode": _LET_IN,
    "POST /api/web/device/:userCode/approve": _LET_IN,
    "POST /api/web/device/:userCode/deny": _LET_IN,
    "POST /api/web/tasks/:taskId/pty-token": _ATTACH,
    "WS /ws/pty/:taskId": _ATTACH,
    "POST /api/web/projects/:key/images": "`muster task create --image` uploads: test_images",
    "DELETE /api/web/images/:imageId": _CONSOLE,
    "GET /api/web/tasks/:taskId/images/:imageId": "pages show it; scripts can use `muster api`",
    "GET /api/web/tasks/:taskId/viewed": _CONSOLE,
    "PUT /api/web/tasks/:taskId/viewed": _CONSOLE,
    "GET /api/web/profile/drafts": _CONSOLE,
    "POST /api/web/profile/drafts": _CONSOLE,
    "PUT /api/web/profile/drafts/:draftId": _CONSOLE,
    "DELETE /api/web/profile/drafts/:draftId": _CONSOLE,
    "GET /api/web/profile/views": _CONSOLE,
    "POST /api/web/profile/views": _CONSOLE,
    "PUT /api/web/profile/views/:viewId": _CONSOLE,
    "DELETE /api/web/profile/views/:viewId": _CONSOLE,
    "GET /api/web/machines/-/samples": _DRAWN,
    "GET /api/web/machines/:machineId/samples": _DRAWN,
    "GET /api/web/dashboard/recent-tasks": "`muster task list` has the same, with more",
    "PUT /api/web/profile/password": _FACTOR,
    "POST /api/web/profile/totp/setup": _FACTOR,
    "POST /api/web/profile/totp/verify": _FACTOR,
    "POST /api/web/profile/totp/disable": _FACTOR,
    "POST /api/auth/invitations/inspect": _INVITATION,
    "POST /api/auth/invitations/accept": _INVITATION,
    "GET /install/worker.sh": _INSTALL,
    "GET /install/requirements-worker.txt": _INSTALL,
    "GET /install/:wheel": _INSTALL,
    "GET /api/workers/healthz": _MACHINE,
    "GET /api/workers/images/:imageId": _MACHINE,
    "POST /api/workers/register": _MACHINE,
    "POST /api/workers/refresh-token": _MACHINE,
    "POST /api/workers/recover": _MACHINE,
    "POST /api/workers/uninstalled": _MACHINE,
    "WS /api/workers/connect": _MACHINE,
    "WS /api/workers/pty/:taskId": _MACHINE,
    "POST /webhook/slack/events": _PLATFORM,
    "POST /webhook/slack/interact": _PLATFORM,
    "POST /webhook/slack/commands": _PLATFORM,
    "POST /webhook/lark": _PLATFORM,
}
