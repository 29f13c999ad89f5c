/** What a task has used. */
export const taskUsage = {
  title: 'What it has used',
  by: 'By',
  groups: { attempt: 'By attempt', stage: 'By stage', agent: 'By agent', model: 'By model' },
  columns: { attempt: 'Attempt', stage: 'Stage', agent: 'Agent', model: 'Model' },
  attempt: (n: string) => `Attempt ${n}`,
  noModel: 'not told',
  sum: 'In all',
  budget: 'Budget',
  noBudget:
    "The task has no budget of its own. Its project's and its creator's month may have one.",
  nothing: 'Nothing is known of what it has used.',
  nothingWhy: 'Its agents tell while they work and at their end; shells use nothing.',
}
