/** The machines that can't run a task. Loaded with their list, not with the first page. */
const one = (count: number, singular: string, plural: string) => (count === 1 ? singular : plural)

export const waits = {
  title: "Machines that can't run this task",
  count: (n: number) => `${n} ${one(n, "machine can't", "machines can't")} run this task`,
  canTakeIt: (n: number) => `${n} ${one(n, 'other machine', 'other machines')} can`,
  rules: {
    not_requested: 'Not the requested machine',
    decommissioned: 'Decommissioned',
    draining: 'Draining, accepts no new tasks',
    offline: 'Offline',
    capability_missing: 'Agent not installed',
    capability_degraded: 'Agent unhealthy',
    quota_exhausted: "Agent's account is out of quota",
    sandbox_unavailable: 'Sandbox too weak',
    label_mismatch: "Labels don't match",
    overloaded: 'Overloaded',
    no_free_slot: 'No free slot',
  } as Record<string, string>,
  otherRule: "Can't run it",
  notListed: "Not on the protected project's list",
  load: (percent: number) => `CPU at ${percent}%`,
  loadLimit: (percent: number) => `limit ${percent}%`,
  slotsUsed: (used: number, total: number) => `${used} of ${total} in use`,
  required: (what: string) => `required: ${what}`,
  actual: (what: string) => `has ${what}`,
  lasting: (duration: string) => `for ${duration}`,
  lastSeen: (duration: string) => `last seen ${duration} ago`,
  until: (time: string) => `until ${time}`,
  others: (n: number) => `and ${n} more`,
}
