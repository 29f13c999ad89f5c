import { machines } from './machines'

/** Why a task stands where it stands, as a person would say it. */
type Block = (machines: string, count: number, agent: string) => string

const one = (count: number, singular: string, plural: string) => (count === 1 ? singular : plural)

export const statusText = {
  and: (first: string, second: string) => `${first}; ${second}`,
  others: (n: number) => (n === 1 ? '1 other' : `${n} others`),
  next: 'Next in the queue: a machine takes it at once',
  place: (n: number) => `Number ${n} in the queue`,
  blocked: {
    not_requested: (m, n) => `${m} ${one(n, 'is', 'are')} not the machine that was asked for`,
    decommissioned: (m, n) => `${m} ${one(n, 'is', 'are')} out of service`,
    draining: (m, n) =>
      `${m} ${one(n, 'drains', 'drain')} and ${one(n, 'takes', 'take')} nothing new`,
    offline: (m, n) => `${m} ${one(n, 'is', 'are')} offline`,
    capability_missing: (m, n, agent) => `${m} ${one(n, 'does', 'do')} not have ${agent}`,
    capability_degraded: (m, n, agent) =>
      `${m} ${one(n, 'has', 'have')} ${agent}, but it is unwell`,
    quota_exhausted: (m, n, agent) =>
      `${m} ${one(n, 'has an account', 'have accounts')} of ${agent} with nothing left for now`,
    sandbox_unavailable: (m) => `${m} cannot contain it as far as the project demands`,
    label_mismatch: (m, n) => `${m} ${one(n, 'does', 'do')} not have the labels that it needs`,
    release_too_old: (m, n) =>
      `${m} ${one(n, 'has', 'have')} a worker of an old release, which cannot check what to go on from`,
    overloaded: (m, n) => `${m} ${one(n, 'is', 'are')} too busy`,
    no_free_slot: (m, n) => `${m} ${one(n, 'has', 'have')} no free slot`,
  } as Record<string, Block>,
  because: (told: string, says: string) => `${told}: ${says}`,
  // What machines say of an agent by a code; all else is in their words.
  ill: machines.agentReasons,
  blockedOther: ((m) => `${m} cannot take it`) as Block,

  predecessor: 'Waits until its attempt before can no longer be running',
  dispatcher: "Nobody hands out tasks at the moment: the server's operator has to look",
  slot: (machine: string) => `Goes on when ${machine} has a free slot: its work lies there`,
  prepares: (machine: string) => `${machine} prepares the workspace`,
  resumes: (machine: string) => `${machine} goes on in a moment`,
  runs: (stage: string, machine: string) => `${stage} runs on ${machine}`,
  publishes: (machine: string) => `${machine} pushes the branch`,
  machineAway: (machine: string) => `${machine} is not heard of`,
  aMachine: 'its machine',

  gate: {
    confirm: (stage: string, ago: string) =>
      `Waits for a confirm before ${stage}, asked ${ago} ago`,
    choose: (stage: string, ago: string) => `Waits for a choice before ${stage}, asked ${ago} ago`,
    input: (stage: string, ago: string) => `Waits for words before ${stage}, asked ${ago} ago`,
    question: (agent: string, ago: string) => `${agent} asked a question ${ago} ago and waits`,
    budget: (ago: string) => `Its budget is used up since ${ago}: somebody says whether it goes on`,
    checkpoint: (stage: string, ago: string) =>
      `What ${stage} is to go on from was changed outside Muster, found ${ago} ago: somebody says what becomes of it`,
    branch: (branch: string, ago: string) =>
      `${branch} is not where Muster left it, found ${ago} ago: somebody says what becomes of it`,
  },
  asked: 'Waits for an answer',
  askedBefore: (stage: string) => `Waits for an answer before ${stage}`,
  agentAsked: (agent: string) => `${agent} asks a question and waits`,
  spent: 'Its budget is used up: somebody says whether it goes on',
  moved: (branch: string) =>
    `${branch} is not where Muster left it: somebody says what becomes of it`,
  keepsSlot: (machine: string) => `${machine} keeps its slot`,
  quota: (agent: string) => `${agent}'s account has no more to give for now`,

  at: {
    dispatch: (time: string) => `is handed out by itself at ${time}`,
    fail: (time: string) => `fails by itself at ${time}`,
    requeue: (time: string) => `goes to another machine at ${time}`,
    resume: (time: string) => `goes on by itself at ${time}`,
    answered: (agent: string, time: string) => `at ${time} ${agent} is told that nobody came`,
  },
  byItself: 'goes on by itself',

  completed: (branch: string, ago: string) => `Pushed as ${branch} ${ago} ago`,
  completedKept: (ago: string) => `Done ${ago} ago; its branch was kept as people had it`,
  unchanged: (ago: string) => `Done ${ago} ago, and changed nothing`,
  cancelled: (ago: string) => `Cancelled ${ago} ago`,
  took: (duration: string) => `took ${duration}`,
  inAll: (duration: string) => `${duration} in all`,
  waitingFollowUps: (n: number) => one(n, '1 follow-up waits', `${n} follow-ups wait`),
  failed: (said: string, ago: string) => `${said}, ${ago} ago`,

  failures: {
    stage_failed: (stage) => `${stage} ended with an error`,
    agent_unauthorized: (_, agent) => `${agent}'s key or login was refused`,
    agent_rate_limited: (_, agent) => `${agent} was asked to slow down, for too long`,
    agent_quota: (_, agent) => `${agent}'s account has no more to give`,
    agent_overloaded: (_, agent) => `${agent}'s server was overloaded`,
    stage_timeout: (stage) => `${stage} took longer than it may`,
    machine_lost: () => 'Its machine was lost',
    machine_decommissioned: () => 'Its machine was taken out of service',
    gate_expired: () => 'Nobody answered in time',
    key_missing: () => "The project's secrets cannot be read",
    order_too_large: () => 'What its machine would have to be told is too much',
    nothing_changed: () => 'Its stages changed nothing, and the project wants a change',
    quota_exhausted: (_, agent) => `${agent}'s account could not be used for too long`,
    base_missing: () => 'The branch that it begins from is not there',
    binary_missing: (_, agent) => `${agent} is not installed on its machine`,
    cancelled: () => 'Its machine stopped it',
    not_what_was_approved: () => 'Its machine left what was approved; the branch was not moved',
    checkpoint_moved: () => 'The work to go on from was changed outside Muster',
    checkpoint_missing: () => 'The work to go on from is not there any more',
    disk_exceeded: () => 'It used more disk than it may',
    memory_exceeded: () => 'It used more memory than it may',
    processes_exceeded: () => 'It started more processes than it may',
    publish_failed: () => 'The branch could not be pushed',
    repository_empty: () => 'The repository is empty',
    repository_refused: () => 'The repository refused the machine',
    repository_unreachable: () => 'The repository could not be reached',
    sandbox_unavailable: () => 'Its machine could not contain it as far as the project demands',
    stage_impossible: (stage) => `${stage} could not be run`,
    start_failed: (stage) => `${stage} could not be started`,
    worker_failed: () => "Its machine's worker failed",
    work_too_large: (stage) => `${stage} committed more than its machine takes`,
    work_unreadable: (stage) => `What ${stage} committed cannot be read`,
    workspace_broken: () => 'Its workspace is broken',
    workspace_failed: () => 'Its workspace could not be made',
    workspace_timeout: () => 'Making its workspace took too long',
  } as Record<string, (stage: string, agent: string) => string>,
  failedOther: (code: string) => `Failed (${code})`,
  aStage: 'A stage',
}
