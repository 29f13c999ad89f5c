type NumberedBy = (number: number, author: string) => string
/** Sentences for languages other than the server's own. */
export type EventTexts = {
  stageStarted?: (stage: string) => string
  stageExited?: (stage: string, code: number) => string
  completed?: (changed: boolean) => string
  failed?: (why: string, detail: string) => string
  answered?: (who: string, result: string) => string
  refused?: (stage: string, host: string, isStages: boolean) => string
  messages?: Record<string, NumberedBy>
}

/** The events of a task. */
export const events = {
  label: 'Events',
  search: 'Search events',
  showNotes: 'Machine notes',
  noHit: 'No matching events.',
  count: (n: number) => (n === 1 ? '1 event' : `${n} events`),
  types: {
    created: 'Created',
    assigned: 'Assigned',
    started: 'Started',
    stage_started: 'Stage started',
    stage_finished: 'Stage finished',
    checkpoint: 'Checkpoint',
    suspended: 'Suspended',
    confirmed: 'Answered',
    resumed: 'Resumed',
    published: 'Pushed',
    completed: 'Completed',
    failed: 'Failed',
    cancelled: 'Cancelled',
    retried: 'Retried',
    followed_up: 'Followed up',
    requeued: 'Requeued',
    machine_lost: 'Machine lost',
    machine_back: 'Machine back',
    restored: 'Restored',
    workspace: 'Workspace',
    tunnel: 'Tunnel',
    egress_refused: 'Host blocked',
    message: 'Message to the agent',
    interrupted: 'Interrupted',
    shell: 'Shell opened',
    reviewed: 'Reviewed',
    commented: 'Commented',
    resolved: 'Thread resolved',
    reopened: 'Thread reopened',
    log: 'Note',
    warning: 'Warning',
    error: 'Error',
  } as Record<string, string>,
  texts: {} as EventTexts,
}
