/** The inbox: tasks and machines that need you. */
type DefaultActionTexts = Record<
  'fails' | 'continues' | 'requeues' | 'recovers' | 'nothing',
  (at: string) => string
>
type TextPair = { summary: string; detail: string }
type OtherwiseKind =
  | 'gate'
  | 'question'
  | 'permission'
  | 'budget'
  | 'host'
  | 'terminal'
  | 'failure'
  | 'result'
type OtherwiseTexts = Record<OtherwiseKind, TextPair>

const defaultAction: DefaultActionTexts = {
  fails: (at) => `Fails at ${at}`,
  continues: (at) => `Continues at ${at}`,
  requeues: (at) => `Tasks move at ${at}`,
  recovers: (at) => `Retries at ${at}`,
  nothing: (at) => at,
}
const otherwise: OtherwiseTexts = {
  gate: { summary: 'Waits', detail: 'slot released' },
  question: { summary: 'Waits', detail: 'keeps its slot' },
  permission: { summary: 'Waits', detail: 'keeps its slot' },
  budget: { summary: 'Waits', detail: 'agent stopped' },
  host: { summary: 'Stays denied', detail: 'and the task runs on' },
  terminal: { summary: 'Waits', detail: 'keeps its slot' },
  failure: { summary: 'Stays failed', detail: 'until someone retries it' },
  result: { summary: 'Stays on its branch', detail: 'until someone merges it' },
}

export const inbox = {
  questionsHeader: (n: number) => `Needs your answer · ${n}`,
  reviewHeader: (n: number) => `To review · ${n}`,
  since: 'Waiting',
  ifNothing: 'If you do nothing',
  move: 'move',
  answer: 'answer',
  open: 'open',
  allKeys: 'all shortcuts',
  kinds: {
    confirm: 'Confirm',
    choose: 'Choose',
    input: 'Needs input',
    branch: 'Branch changed',
    checkpoint: 'Work changed',
    budget: 'Budget used up',
    host: 'Network access denied',
    terminal: 'Waiting in its terminal',
    failure: 'Failed',
    result: 'Not reviewed',
    machine: 'Machine unhealthy',
  },
  asks: (agent: string) => `${agent} asks`,
  wantsTo: (agent: string) => `${agent} asks for permission`,
  refusedHosts: 'Denied hosts:',
  allowHost: 'Allow',
  allowHostOf: (host: string) => `Allow ${host}`,
  allowedHost: (host: string) => `The project can reach ${host} from the next stage on.`,
  deniedAt: (at: string) => `Denied at ${at}`,
  before: (n: number, of: number, stage: string) => [`before stage ${n} of ${of}, `, stage],
  within: (n: number, of: number, stage: string) => [`in stage ${n} of ${of}, `, stage],
  pushed: 'pushed',
  readDiff: 'View diff',
  review: (files: number) => (files === 1 ? 'Review 1 file' : `Review ${files} files`),
  approve: 'Approve',
  approved: (id: number) => `Approved #${id}.`,
  dismiss: 'Dismiss',
  dismissed: (id: number) => `Dismissed #${id}.`,
  retryFrom: (stage: string) => `Retry from ${stage}`,
  readLog: 'View log',
  openTerminal: 'Open terminal',
  openTask: 'Open',
  undrain: 'Undrain',
  openMachine: (name: string) => `Open ${name}`,
  continueWith: (much: string) => `Continue with ${much} more`,
  continueSame: 'Continue with the same amount again',
  otherAmount: 'Other amount',
  moreFiles: (n: number) => (n === 1 ? '1 more file' : `${n} more files`),
  defaultAction,
  otherwise,
  otherwiseMachine: {
    drained: { summary: 'Accepts no new tasks', detail: 'until someone undrains it' },
    offline: { summary: 'Stays offline', detail: 'until it reconnects' },
    unhealthy: { summary: 'Skips this agent', detail: 'until it recovers' },
  },
  in: (time: string) => `in ${time}`,
  imminent: 'any moment now',
  keepsSlot: (machine: string | null | undefined) =>
    machine ? `keeps its slot on ${machine}` : 'keeps its slot',
  problems: {
    offline: (machine: string) => `${machine} isn't responding.`,
    disk_full: (machine: string) => `${machine} is draining: disk full.`,
    agent: (_machine: string, agent: string) => `${agent} can't run there.`,
  },
  whys: {
    auth_failure: 'Its key or sign-in was rejected.',
    rate_limit: 'Its account is out of quota.',
    unknown: 'It keeps failing.',
  } as Record<string, string>,
  disk: (share: string) => `disk ${share}`,
  slots: (used: number, total: number) => `${used} of ${total} slots in use`,
  stillRuns: (n: number) =>
    n === 1 ? '1 task is still running there.' : `${n} tasks are still running there.`,
  emptyTitle: "You're all caught up",
  emptyWhy: (running: string, queued: string) =>
    `${running}, ${queued}. New questions appear here and as notifications.`,
  tasksRun: (n: number) =>
    n === 0 ? 'No tasks running' : n === 1 ? '1 task running' : `${n} tasks running`,
  queued: (n: number) => (n === 0 ? 'none queued' : `${n} queued`),
  seeRunning: 'View running tasks',
  whatRuns: 'Running tasks',
  running: 'Running',
  slotsInUse: 'Slots in use',
  ofSlots: (used: number, total: number) => `${used} of ${total}`,
  nothingRuns: 'No tasks running.',
  inStage: (n: number, of: number, stage: string) => `Stage ${n} of ${of}, ${stage}`,
  onMachine: (machine: string) => `on ${machine}`,
  moreRun: (n: number) => `${n} more`,
  today: 'Today',
  completed: 'Completed',
  failed: 'Failed',
  oldest: 'Oldest in queue',
  tokens: 'Tokens',
  cost: 'Cost',
  about: (much: string) => `about ${much}`,
  notAll: (n: number) => `Showing the first ${n}.`,
}
