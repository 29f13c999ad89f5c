"""The fields that `--json` accepts, by the names of the contract's schemas.

They're fixed here instead of read from responses, so that they don't depend on the server's
version: fields it lacks are null, and its additional ones are omitted.
"""


def split_names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TASK_LIST_ITEM = split_names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority stages currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt waitingFor activity question lastAnswer position
    blockers allowedActions
    """
)
TASK = split_names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt pipeline
    """
)
TASK_DETAIL = split_names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt pipeline waitingFor activity relocation gate
    lastAnswer hasTerminal readsTerminal allowedActions budgets images messages interrupt
    """
)
CREATED_TASK = split_names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt pipeline warnings
    """
)
LISTED_TASK = split_names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority stages currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt
    """
)
EVENT = split_names("id type attempt stageIndex message data createdAt")
TRANSCRIPT_ENTRY = split_names(
    """
    number at state startedAt finishedAt attempt stageIndex run kind title text data logOffset
    """
)
LOG_LINE = split_names("number text attempt stageIndex truncated")
FOLLOW_UP = split_names(
    """
    id number round state instruction fromStage reviewId createdBy createdAt startedAt
    """
)
MESSAGE = split_names(
    """
    id number text when state createdBy createdAt deliveredAt stageIndex run followUpId
    """
)
REVIEW = split_names(
    """
    id round attempt commit author verdict body comments stageIndex submittedAt
    """
)
REVIEW_THREAD = split_names(
    """
    id round attempt position original code resolvedAt resolvedBy comments createdAt
    """
)
REVIEW_COMMENT = split_names("id threadId author attempt body draft reviewId createdAt")
SUBMITTED_REVIEW = split_names("review answered followUp")
TASK_DIFF = split_names(
    """
    taskId base commit since round attempt stageIndex partial leftOut filesChanged insertions
    deletions nextOffset files
    """
)
WORKSPACE = split_names(
    """
    taskId machineId attempt path branch baseCommit headCommit dirty diff sizeBytes state
    updatedAt
    """
)
TUNNEL = split_names("taskId state url error startedAt expiresAt restarts")
TERMINAL_INPUT = split_names("id attempt developer bytes startedAt endedAt")
INBOX_ITEM = split_names(
    "id kind since defaultAction at actions task gate change logTail refusedHosts retryFrom machine"
)
MACHINE = split_names(
    """
    id name status connected capabilities slots metrics hardware drain sandbox labels adminLabels
    version pinned upgrade lastSeenAt createdAt uninstalledAt
    """
)
PLANNED_TASK = split_names("task action atDeadline hasCheckpoint")
AGENT = split_names("type machineCount healthyCount versions keys")
LISTED_PROJECT = split_names(
    """
    key name repoUrl defaultBranch branchName agentType agentCommand agentOptions stages maxAttempts
    minSandbox machineSelector protected protectedMachines network environment secretNames
    hasGitToken hasSshKey knownHosts requireChange onQuota quotaMinutes quotaFailover budget
    taskBudget memberCount myRole taskCounts taskStates lastActivityAt createdAt archivedAt
    """
)
PROJECT = split_names(
    """
    key name repoUrl defaultBranch branchName agentType agentCommand agentOptions maxAttempts
    minSandbox machineSelector protected protectedMachines network environment secretNames
    hasGitToken hasSshKey knownHosts requireChange onQuota quotaMinutes quotaFailover budget
    taskBudget memberCount myRole taskCounts taskStates lastActivityAt createdAt archivedAt pipeline
    templates
    """
)
SAVED_PROJECT = split_names(
    """
    key name repoUrl defaultBranch branchName agentType agentCommand agentOptions maxAttempts
    minSandbox machineSelector protected protectedMachines network environment secretNames
    hasGitToken hasSshKey knownHosts requireChange onQuota quotaMinutes quotaFailover budget
    taskBudget memberCount myRole taskCounts taskStates lastActivityAt createdAt archivedAt pipeline
    templates
    warnings
    """
)
PROJECT_CHECK_RESULT = split_names("state machine steps hostKeys")
SAVED_DEPLOY_KEY = split_names("publicKey")
MEMBER = split_names(
    """
    developerId name gitEmail role systemRole disabled permissions ownTaskPermissions
    """
)
COLLEAGUE = split_names("id name gitEmail role")
MONTH_BUDGET = split_names("month budget used")
DRY_RUN_STAGE = split_names("name kind timeout gate text variables")
NOTIFICATION = split_names("id type title body taskId readAt createdAt")
ACTIVITY = split_names(
    """
    id type attempt stageIndex message data createdAt taskId projectKey machineName
    """
)
USAGE_GROUP = split_names("key name usage")
PROFILE = split_names(
    "id name role gitName gitEmail totpEnabled platformUid reauthenticatedUntil createdAt"
)
SESSION = split_names("id via provider device address createdAt lastSeenAt current")
PERSONAL_TOKEN = split_names(
    """
    id label prefix scopes projects createdAt lastUsedAt expiresAt revokedAt
    """
)
CREATED_PERSONAL_TOKEN = split_names(
    """
    id label prefix scopes projects createdAt lastUsedAt expiresAt revokedAt token
    """
)
DEVELOPER = split_names(
    """
    id name role gitName gitEmail email budget totpEnabled platformUid disabled createdAt
    """
)
IDENTITY = split_names("id provider subject email linkedAt lastUsedAt")
IDENTITY_PROVIDER = split_names(
    """
    id name label issuer clientId hasClientSecret scopes enabled createAccounts matchEmail
    emailDomains groupsClaim allowedGroups roles memberships createdAt updatedAt
    """
)
ENROLLMENT_TOKEN = split_names(
    """
    id label prefix status machineId createdAt expiresAt usedAt revokedAt
    """
)
CREATED_TOKEN = split_names(
    """
    id label prefix status machineId createdAt expiresAt usedAt revokedAt token
    installLine
    """
)
BOT = split_names(
    """
    id platform name appId hasAppSecret hasWebhookToken hasEncryptKey auditLog auditStream
    createdAt
    """
)
BOT_TEST_RESULT = split_names("sent detail advice chatId milliseconds")
BINDING = split_names("id platformChatId projectKey chatName createdAt")
BOT_BINDING = split_names(
    """
    id platformChatId projectKey chatName createdAt botId botName platform
    """
)
DELIVERY = split_names(
    """
    id state action kind taskId botId botName platform chatId developerId attempts error dueAt
    createdAt doneAt
    """
)
AUDIT_ENTRY = split_names(
    """
    id at actor machine action targetType targetId targetName requestId remoteAddress
    changes names
    """
)
SETTING = split_names(
    """
    key name group type unit help minimum maximum pattern choices default value warning updatedAt
    updatedBy
    """
)
INVITATION = split_names(
    """
    id email role projects note state invitedBy createdAt expiresAt acceptedAt developerId
    developerName
    """
)
CREATED_INVITATION = ("link", *INVITATION)
CHAT_TOKEN = split_names("token expiresAt")
PREFERENCES = split_names(
    """
    gateOpened gateExpired taskCompleted taskFailed taskCancelled machineLost egressRefused
    budgetLow reviewed commented messageUnread
    """
)
