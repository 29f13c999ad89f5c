/** The sentences of a project's check, by code. The server's own are English. `{name}` is a value. */
export const checkSentences: Record<string, string> = {}

/** The scopes that a Git token needs, by the kind of host; the server's own are English. */
export const checkScopes: Record<string, string> = {}

export const projectChecks = {
  check: 'Check',
  checking: 'Checking…',
  what: 'Checks the repository, the branch and the agent on a machine. Saves nothing.',
  details: 'Details',
  on: (machine: string) => `Checked on ${machine}`,
  hostKeys: 'Compare the host keys with those that the host publishes:',
  acceptHostKeys: 'Accept these host keys',
  goToField: 'Go to the field',
  states: {
    passed: 'The project is ready.',
    failed: 'Fix these problems first.',
    untried: "The repository wasn't checked.",
    running: 'Checking…',
  },
  stepStates: { passed: 'OK', warning: 'Warning', failed: 'Problem', untried: 'Not checked' },
}
