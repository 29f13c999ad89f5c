/** The room of what needs one. */
type DefaultActionTexts = Record<
  'fails' | 'continues' | 'requeues' | 'recovers' | 'nothing',
  (at: string) => string
>
type TextPair = { summary: string; detail: string }
type OtherwiseTexts = Record<'gate' | 'question' | 'budget' | 'failure' | 'result', TextPair>

const defaultAction: DefaultActionTexts = {
  fails: (at) => `Fails at ${at}`,
  continues: (at) => `Goes on at ${at}`,
  requeues: (at) => `Its tasks move at ${at}`,
  recovers: (at) => `Is tried again at ${at}`,
  nothing: (at) => at,
}
const otherwise: OtherwiseTexts = {
  gate: { summary: 'Waits', detail: 'holds no slot' },
  question: { summary: 'Waits', detail: 'keeps its slot' },
  budget: { summary: 'Waits', detail: 'its agent is stopped' },
  failure: { summary: 'Stays failed', detail: 'until somebody retries it' },
  result: { summary: 'Stays on its branch', detail: 'until somebody merges it' },
}

export const inbox = {
  questionsHeader: (n: number) => `Waits for your answer · ${n}`,
  reviewHeader: (n: number) => `To look at · ${n}`,
  since: 'Since',
  ifNothing: 'If you do nothing',
  move: 'move',
  answer: 'answer',
  open: 'open',
  allKeys: 'all keys',
  kinds: {
    confirm: 'Confirm',
    choose: 'Choose',
    input: 'Asks for words',
    branch: 'Branch moved',
    checkpoint: 'Work changed outside',
    budget: 'Budget spent',
    failure: 'Failed',
    result: 'Not reviewed',
    machine: 'Machine unwell',
  },
  asks: (agent: string) => `${agent} asks`,
  before: (n: number, of: number, stage: string) => [`before stage ${n} of ${of}, `, stage],
  within: (n: number, of: number, stage: string) => [`in stage ${n} of ${of}, `, stage],
  pushed: 'pushed',
  readDiff: 'Read the diff',
  review: (files: number) => (files === 1 ? 'Review 1 file' : `Review ${files} files`),
  approve: 'Approve',
  approved: (id: number) => `#${id} is approved.`,
  dismiss: 'Seen',
  dismissed: (id: number) => `#${id} is marked as seen.`,
  retryFrom: (stage: string) => `Retry from ${stage}`,
  readLog: 'Read the log',
  openTask: 'Open',
  undrain: 'Undrain',
  openMachine: (name: string) => `Open ${name}`,
  continueWith: (much: string) => `Continue with ${much} more`,
  continueSame: 'Continue with as much again',
  otherAmount: 'Another amount',
  moreFiles: (n: number) => (n === 1 ? '1 more file' : `${n} more files`),
  defaultAction,
  otherwise,
  otherwiseMachine: {
    drained: { summary: 'Takes no new task', detail: 'until somebody undrains it' },
    offline: { summary: 'Does nothing', detail: 'until it is heard of again' },
    unhealthy: { summary: 'Goes on without it', detail: 'until the machine finds it well' },
  },
  in: (time: string) => `in ${time}`,
  imminent: 'any moment now',
  keepsSlot: (machine: string | null | undefined) =>
    machine ? `keeps its slot on ${machine}` : 'keeps its slot',
  problems: {
    offline: (machine: string) => `${machine} has not been heard of.`,
    disk_full: (machine: string) => `${machine} has drained itself: its disk is too full.`,
    agent: (_machine: string, agent: string) => `${agent} cannot be used there.`,
  },
  whys: {
    auth_failure: 'Its key or login is refused.',
    rate_limit: 'Its account has no more to give for now.',
    unknown: 'It keeps failing.',
  } as Record<string, string>,
  disk: (share: string) => `disk ${share}`,
  slots: (used: number, total: number) => `${used} of ${total} slots in use`,
  stillRuns: (n: number) =>
    n === 1 ? 'One task still runs there.' : `${n} tasks still run there.`,
  emptyTitle: 'Nothing waits for you',
  emptyWhy: (running: string, queued: string) =>
    `${running}, ${queued}. You will see it here, and as a notification, when one asks.`,
  tasksRun: (n: number) => (n === 0 ? 'Nothing runs' : n === 1 ? '1 task runs' : `${n} tasks run`),
  queued: (n: number) => (n === 0 ? 'nothing is queued' : `${n} ${n === 1 ? 'is' : 'are'} queued`),
  seeRunning: 'See what runs',
  whatRuns: 'What runs',
  running: 'Running',
  ofSlots: (used: number, total: number) => `${used} of ${total} slots`,
  nothingRuns: 'Nothing runs now.',
  inStage: (n: number, of: number, stage: string) => `Stage ${n} of ${of}, ${stage}`,
  onMachine: (machine: string) => `on ${machine}`,
  moreRun: (n: number) => `${n} more`,
  today: 'Today',
  completed: 'Completed',
  failed: 'Failed',
  oldest: 'Oldest in the queue',
  tokens: 'Tokens',
  cost: 'Cost',
  about: (much: string) => `about ${much}`,
  notAll: (n: number) => `The first ${n} are shown.`,
}
