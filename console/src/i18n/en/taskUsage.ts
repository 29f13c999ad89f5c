/** A task's usage. */
export const taskUsage = {
  title: 'Usage',
  by: 'Group by',
  groups: { attempt: 'By attempt', stage: 'By stage', agent: 'By agent', model: 'By model' },
  columns: { attempt: 'Attempt', stage: 'Stage', agent: 'Agent', model: 'Model' },
  attempt: (n: string) => `Attempt ${n}`,
  noModel: 'unknown',
  sum: 'Total',
  budget: 'Budget',
  noBudget:
    "Neither the task nor its project has a budget. Its creator's monthly budget can still apply.",
  nothing: 'No usage yet',
  nothingWhy: 'Agents report usage while they run and when they end. Shell stages use nothing.',
}
