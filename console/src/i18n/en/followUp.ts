/** What is to be done next on a task's work. */
export const followUp = {
  title: (id: number) => `Follow up on #${id}`,
  instruction: 'What is to be done next',
  hint: 'Markdown. The agent goes on from the work that is there, in the same conversation where that is still known.',
  from: 'From stage',
  beginsNow: 'It begins at once, as another round.',
  withdrawsGate: 'It begins at once, as another round. The open question is withdrawn.',
  waitsItsTurn: 'It begins when what runs now is done, or would ask its next question.',
  waitsBehind: (n: number) =>
    n === 1 ? '1 follow-up waits before it.' : `${n} follow-ups wait before it.`,
  afterFailure: (n: number) =>
    n === 1
      ? '1 follow-up waits since the failure. It begins now, and this one behind it.'
      : `${n} follow-ups wait since the failure. The first begins now, and this one behind them.`,
  send: 'Follow up',
  started: (round: number) => `Round ${round} has begun`,
  queued: 'The follow-up waits its turn',
  rounds: 'Follow-ups so far',
  states: { queued: 'waits', started: 'begun', withdrawn: 'withdrawn' },
  round: (n: number) => `Round ${n}`,
  byWhom: (who: string) => `by ${who}`,
  fromStage: (stage: string) => `from ${stage}`,
  withReview: 'with a review',
  withdraw: 'Withdraw',
  noCheckpoint: 'From there nothing is left to go on from. Begin from an earlier stage.',
}
