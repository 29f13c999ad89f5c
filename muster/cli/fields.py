"""What `--json` can be asked for: the fields of the contract's shapes, by the shapes' names.

They are said here and not taken from answers, so that an older or a newer server changes none:
what it does not have is null, and what it has besides is left out.
"""


def names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FOUND_TASK = names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority stages currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt waitsFor question position keptBy may
    """
)
TASK = names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt pipeline
    """
)
TASK_DETAIL = names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt pipeline waitsFor hasTerminal
    """
)
CREATED_TASK = names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt pipeline warnings
    """
)
LISTED_TASK = names(
    """
    id projectKey description status suspendReason createdBy requestedMachineId machineSelector
    machineId machineName agentType agentOptions priority stages currentStageIndex round
    followUpsQueued attempt branch taskBranch result failure usage budget queue createdAt
    assignedAt startedAt finishedAt updatedAt
    """
)
EVENT = names("id type attempt stageIndex message data createdAt")
TRANSCRIPT_ENTRY = names("number at attempt stageIndex run kind title text data logOffset")
LOG_LINE = names("number text attempt stageIndex truncated")
FOLLOW_UP = names(
    """
    id number round state instruction fromStage reviewId createdBy createdAt startedAt
    """
)
REVIEW = names(
    """
    id round attempt commit author verdict body comments stageIndex submittedAt
    """
)
REVIEW_THREAD = names(
    """
    id round attempt place original code resolvedAt resolvedBy comments createdAt
    """
)
REVIEW_COMMENT = names("id threadId author attempt body draft reviewId createdAt")
SUBMITTED_REVIEW = names("review answered followUp")
TASK_DIFF = names(
    """
    taskId base commit since round attempt stageIndex partial leftOut filesChanged insertions
    deletions nextOffset files
    """
)
WORKSPACE = names(
    """
    taskId machineId attempt path branch baseCommit headCommit dirty diff sizeBytes state
    updatedAt
    """
)
TUNNEL = names("taskId state url error startedAt expiresAt restarts")
TERMINAL_INPUT = names("id attempt developer bytes begunAt endedAt")
INBOX_ITEM = names("id kind since then at acts task gate change said retryFrom machine")
MACHINE = names(
    """
    id name status connected capabilities slots metrics hardware drain room labels adminLabels
    version pinned upgrade lastSeenAt createdAt
    """
)
PLANNED_TASK = names("task act atDeadline hasCheckpoint")
AGENT = names("type machineCount healthyCount versions")
LISTED_PROJECT = names(
    """
    key name repoUrl defaultBranch branchName agentType agentCommand agentOptions stages
    maxAttempts room machineSelector protected protectedMachines network environment secretNames
    hasGitToken hasSshKey knownHosts requireChange onQuota quotaMinutes quotaElsewhere budget
    taskBudget memberCount myRole taskCounts lastActivityAt createdAt
    """
)
PROJECT = names(
    """
    key name repoUrl defaultBranch branchName agentType agentCommand agentOptions maxAttempts
    room machineSelector protected protectedMachines network environment secretNames hasGitToken
    hasSshKey knownHosts requireChange onQuota quotaMinutes quotaElsewhere budget taskBudget
    memberCount myRole taskCounts lastActivityAt createdAt pipeline templates
    """
)
SAVED_PROJECT = names(
    """
    key name repoUrl defaultBranch branchName agentType agentCommand agentOptions maxAttempts
    room machineSelector protected protectedMachines network environment secretNames hasGitToken
    hasSshKey knownHosts requireChange onQuota quotaMinutes quotaElsewhere budget taskBudget
    memberCount myRole taskCounts lastActivityAt createdAt pipeline templates warnings
    """
)
MEMBER = names("developerId name gitEmail role")
COLLEAGUE = names("id name gitEmail role")
MONTH_BUDGET = names("month budget used")
REHEARSED_STAGE = names("name kind timeout gate text variables")
NOTIFICATION = names("id type title body taskId readAt createdAt")
ACTIVITY = names(
    """
    id type attempt stageIndex message data createdAt taskId projectKey machineName
    """
)
USAGE_GROUP = names("key name usage")
PROFILE = names("id name role gitName gitEmail totpEnabled platformUid confirmedUntil createdAt")
SESSION = names("id via provider device address createdAt lastSeenAt current")
PERSONAL_TOKEN = names(
    """
    id label prefix scopes projects createdAt lastUsedAt expiresAt revokedAt
    """
)
CREATED_PERSONAL_TOKEN = names(
    """
    id label prefix scopes projects createdAt lastUsedAt expiresAt revokedAt token
    """
)
DEVELOPER = names(
    """
    id name role gitName gitEmail email budget totpEnabled platformUid disabled createdAt
    """
)
IDENTITY = names("id provider subject email linkedAt lastUsedAt")
IDENTITY_PROVIDER = names(
    """
    id name label issuer clientId hasClientSecret scopes enabled createAccounts matchEmail
    emailDomains groupsClaim allowedGroups roles memberships createdAt updatedAt
    """
)
ENROLLMENT_TOKEN = names(
    """
    id label prefix status machineId createdAt expiresAt usedAt revokedAt
    """
)
CREATED_TOKEN = names(
    """
    id label prefix status machineId createdAt expiresAt usedAt revokedAt token
    installLine
    """
)
BOT = names(
    """
    id platform name appId hasAppSecret hasWebhookToken hasEncryptKey auditLog auditStream
    createdAt
    """
)
BOT_TESTED = names("sent detail advice chatId milliseconds")
BINDING = names("id platformChatId projectKey chatName createdAt")
BINDING_OF_BOT = names(
    """
    id platformChatId projectKey chatName createdAt botId botName platform
    """
)
DELIVERY = names(
    """
    id state act kind taskId botId botName platform chatId developerId attempts error dueAt
    createdAt doneAt
    """
)
AUDIT_ENTRY = names(
    """
    id at actor machine action targetType targetId requestId remoteAddress changes
    """
)
SETTING = names(
    """
    key type unit help minimum maximum pattern default value updatedAt updatedBy
    """
)
CHAT_TOKEN = names("token expiresAt")
PREFERENCES = names(
    """
    gateOpened gateExpired taskCompleted taskFailed taskCancelled machineLost egressRefused
    budgetLow reviewed commented
    """
)
