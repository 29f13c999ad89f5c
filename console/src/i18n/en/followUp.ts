/** Follow-ups on a task's work. */
export const followUp = {
  title: (id: number) => `Follow up on #${id}`,
  instruction: 'What to do next',
  hint: 'Markdown. The agent continues from the current work, in the same session if it still exists.',
  from: 'From stage',
  startsNow: 'Starts now as a new round.',
  withdrawsGate: 'Starts now as a new round and withdraws the open question.',
  waitsItsTurn: 'Starts when the current work is done or reaches its next question.',
  waitsBehind: (n: number) =>
    n === 1 ? '1 follow-up is ahead of it.' : `${n} follow-ups are ahead of it.`,
  afterFailure: (n: number) =>
    n === 1
      ? '1 follow-up has been waiting since the failure. It starts now, and this one starts after it.'
      : `${n} follow-ups have been waiting since the failure. The first starts now; this one comes last.`,
  send: 'Follow up',
  started: (round: number) => `Round ${round} started`,
  queued: 'Follow-up queued',
  rounds: 'Follow-ups so far',
  states: { queued: 'queued', started: 'started', withdrawn: 'withdrawn' },
  round: (n: number) => `Round ${n}`,
  byWhom: (who: string) => `by ${who}`,
  fromStage: (stage: string) => `from ${stage}`,
  withReview: 'with a review',
  withdraw: 'Withdraw',
  noCheckpoint: 'No checkpoint before that stage. Pick an earlier one.',
}
