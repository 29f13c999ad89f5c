import { machines } from './machines'

/** Why a task is in its status, in a sentence. */
type Block = (machines: string, count: number, agent: string) => string

const one = (count: number, singular: string, plural: string) => (count === 1 ? singular : plural)

export const statusText = {
  and: (first: string, second: string) => `${first}; ${second}`,
  others: (n: number) => (n === 1 ? '1 other' : `${n} others`),
  next: 'Next in the queue: about to start',
  place: (n: number) => `Number ${n} in the queue`,
  blocked: {
    not_requested: (m, n) => `${m} ${one(n, "isn't", "aren't")} the requested machine`,
    decommissioned: (m, n) => `${m} ${one(n, 'is', 'are')} decommissioned`,
    draining: (m, n) =>
      `${m} ${one(n, 'is', 'are')} draining and ${one(n, 'accepts', 'accept')} no new tasks`,
    offline: (m, n) => `${m} ${one(n, 'is', 'are')} offline`,
    capability_missing: (m, n, agent) => `${m} ${one(n, "doesn't", "don't")} have ${agent}`,
    capability_degraded: (m, n, agent) =>
      `${m} ${one(n, 'has', 'have')} ${agent}, but it's unhealthy`,
    quota_exhausted: (m, n, agent) =>
      `${m} ${one(n, 'has a', 'have')} ${agent} ${one(n, 'account that is', 'accounts that are')} out of quota`,
    sandbox_unavailable: (m, n) => `${m} ${one(n, 'lacks', 'lack')} the required sandbox`,
    label_mismatch: (m, n) => `${m} ${one(n, 'lacks', 'lack')} the required labels`,
    overloaded: (m, n) => `${m} ${one(n, 'is', 'are')} overloaded`,
    no_free_slot: (m, n) => `${m} ${one(n, 'has', 'have')} no free slot`,
  } as Record<string, Block>,
  load: (percent: number, limit: number) => `CPU at ${percent}% of ${limit}%`,
  slotsUsed: (used: number, total: number) => `${used} of ${total} in use`,
  lasting: (load: string, duration: string) => `${load} for ${duration}`,
  because: (block: string, detail: string) => `${block}: ${detail}`,
  // Codes that machines report for an agent; other details are the machine's own text.
  ill: machines.agentReasons,
  blockedOther: ((m) => `${m} can't run it`) as Block,

  predecessor: 'Waiting for the previous attempt to stop',
  dispatcher: "The scheduler is down: ask the server's operator",
  slot: (machine: string) => `Continues when ${machine} has a free slot: its workspace is there`,
  prepares: (machine: string) => `${machine} is preparing the workspace`,
  resumes: (machine: string) => `${machine} is about to continue`,
  runs: (stage: string, machine: string) => `${stage} is running on ${machine}`,
  publishes: (machine: string) => `${machine} is pushing the branch`,
  does: {
    command: (what: string, duration: string) => `runs ${what}, ${duration}`,
    edit: (what: string, duration: string) => `edits ${what}, ${duration}`,
    tool: (what: string, duration: string) => `uses ${what}, ${duration}`,
  },
  quiet: (duration: string) => `nothing reported for ${duration}`,
  inTerminal: 'Waiting in its terminal',
  machineAway: (machine: string) => `Lost contact with ${machine}`,
  aMachine: 'its machine',
  otherMachines: (n: number) =>
    n === 0
      ? 'no other machine can take it now'
      : `${n} other ${one(n, 'machine', 'machines')} can take it now`,

  gate: {
    confirm: (stage: string, ago: string) =>
      `Waiting for confirmation before ${stage}, asked ${ago} ago`,
    choose: (stage: string, ago: string) =>
      `Waiting for a choice before ${stage}, asked ${ago} ago`,
    input: (stage: string, ago: string) => `Waiting for input before ${stage}, asked ${ago} ago`,
    permission: (agent: string, ago: string) =>
      `${agent} asked for permission ${ago} ago and is waiting`,
    question: (agent: string, ago: string) => `${agent} asked a question ${ago} ago and is waiting`,
    budget: (ago: string) => `Budget used up ${ago} ago. Continue?`,
    checkpoint: (stage: string, ago: string) =>
      `${stage}'s checkpoint was changed outside Muster (found ${ago} ago). Choose what to do.`,
    branch: (branch: string, ago: string) =>
      `${branch} was changed outside Muster (found ${ago} ago). Choose what to do.`,
  },
  asked: 'Waiting for an answer',
  askedBefore: (stage: string) => `Waiting for an answer before ${stage}`,
  agentAsked: (agent: string) => `${agent} asked a question and is waiting`,
  spent: 'Budget used up. Continue?',
  moved: (branch: string) => `${branch} was changed outside Muster. Choose what to do.`,
  keepsSlot: (machine: string) => `keeps its slot on ${machine}`,
  quota: (agent: string) => `${agent}'s account is out of quota`,

  at: {
    dispatch: (time: string) => `starts automatically at ${time}`,
    fail: (time: string) => `fails at ${time}`,
    requeue: (time: string) => `moves to another machine at ${time}`,
    resume: (time: string) => `continues automatically at ${time}`,
    answered: (agent: string, time: string) => `if no one answers by ${time}, ${agent} decides`,
    denied: (time: string) => `if no one answers by ${time}, it's denied`,
  },
  countdown: (time: string, duration: string) => `${time} (in ${duration})`,
  byItself: 'continues automatically',

  completed: (branch: string, ago: string) => `Pushed as ${branch} ${ago} ago`,
  completedKept: (ago: string) =>
    `Done ${ago} ago; changes that people made to its branch were kept`,
  unchanged: (ago: string) => `Done ${ago} ago without changes`,
  cancelled: (ago: string) => `Cancelled ${ago} ago`,
  endedBy: (answer: string, ago: string) => `${answer}, ${ago} ago`,
  took: (duration: string) => `took ${duration}`,
  inAll: (duration: string) => `${duration} in total`,
  waitingFollowUps: (n: number) => one(n, '1 follow-up queued', `${n} follow-ups queued`),
  failed: (failure: string, ago: string) => `${failure}, ${ago} ago`,

  failures: {
    stage_failed: (stage) => `${stage} ended with an error`,
    agent_unauthorized: (_, agent) => `${agent}'s key or sign-in was rejected`,
    agent_rate_limited: (_, agent) => `${agent} was rate limited for too long`,
    agent_quota: (_, agent) => `${agent}'s account is out of quota`,
    agent_overloaded: (_, agent) => `${agent}'s server was overloaded`,
    stage_timeout: (stage) => `${stage} exceeded its time limit`,
    machine_lost: () => 'Its machine was lost',
    machine_decommissioned: () => 'Its machine was decommissioned',
    asks_too_much: () => 'Its agent asked for too many permissions',
    gate_expired: () => 'No one answered in time',
    key_missing: () => "The project's secrets can't be read",
    order_too_large: () => 'The task is too large to send',
    nothing_changed: () => 'Nothing changed, and the project requires a change',
    quota_exhausted: (_, agent) => `${agent}'s account was out of quota for too long`,
    base_missing: () => "The branch to start from doesn't exist",
    binary_missing: (_, agent) => `${agent} isn't installed on its machine`,
    cancelled: () => 'Its machine stopped it',
    not_what_was_approved: () => "The work isn't what was approved; the branch was not pushed",
    checkpoint_moved: () => 'The checkpoint to continue from was changed outside Muster',
    checkpoint_missing: () => 'The checkpoint to continue from is gone',
    disk_exceeded: () => 'It exceeded its disk limit',
    memory_exceeded: () => 'It exceeded its memory limit',
    processes_exceeded: () => 'It exceeded its process limit',
    publish_failed: () => "The branch couldn't be pushed",
    repository_empty: () => 'The repository is empty',
    repository_refused: () => 'The repository denied the machine access',
    repository_unreachable: () => "The repository couldn't be reached",
    sandbox_unavailable: () => 'Its machine lacks the required sandbox',
    stage_impossible: (stage) => `${stage} couldn't be run`,
    start_failed: (stage) => `${stage} couldn't be started`,
    worker_failed: () => "Its machine's worker failed",
    work_too_large: (stage) => `${stage} committed more than its machine accepts`,
    work_unreadable: (stage) => `${stage}'s commits can't be read`,
    workspace_broken: () => 'Its workspace is broken',
    workspace_failed: () => "Its workspace couldn't be created",
    workspace_timeout: () => 'Creating its workspace took too long',
  } as Record<string, (stage: string, agent: string) => string>,
  failedOther: (code: string) => `Failed (${code})`,
  aStage: 'A stage',
}
