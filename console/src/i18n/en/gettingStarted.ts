/** By step, then by its reason or else its state; `more` is what follows the name in its detail. */
type Sentences = Record<string, Record<string, (name: string, more: string) => string>>

const sentences: Sentences = {
  machine: {
    open: () => 'No machine yet. Agents run on machines.',
    ask_admin: (admins) => `No machine yet. Ask an admin: ${admins}.`,
    awaiting_machine: () => 'Waiting for a machine. Run the install line on it.',
    machine_offline: (name) => `${name} isn't connected.`,
    machine_draining: (name) => `${name} is draining, so it isn't accepting tasks.`,
    sandbox_not_full: (name, why) =>
      `${name} is connected, without a full sandbox${why && `: ${why}`}.`,
    done: (name) => (name ? `${name} is connected, with a full sandbox.` : 'Connected.'),
  },
  agent: {
    no_machine: () => 'Needs a connected machine.',
    ask_admin: (admins) => `No agent found. Ask an admin to install one: ${admins}.`,
    agent_not_found: (name) =>
      `No agent found on ${name}. Install one there, such as npm install -g @anthropic-ai/claude-code.`,
    agent_unhealthy: (name, agents) => `Agents on ${name} can't start: ${agents}.`,
    done: (name, agents) => (agents ? `Found on ${name}: ${agents}.` : 'Found.'),
  },
  project: {
    open: () => 'No project yet. A project names a repository.',
    ask_admin: (admins) => `You aren't in a project yet. Ask an admin to add you: ${admins}.`,
    agent_unknown: (name, agent) => `${name} uses the agent ${agent}, which no machine has.`,
    no_key_known: (name, agent) =>
      `${name} has no key for ${agent}. Set one, unless ${agent} is signed in on the machine.`,
    key_set: (name) => `${name}. A key for its agent is set.`,
    repository_checking: (name) => `A machine is checking the repository of ${name}.`,
    repository_failed: (name) => `${name}:`,
    done: (name) => (name ? `${name} is ready for tasks.` : 'Created.'),
  },
  task: {
    open: () => 'No task yet. Describe what you want done.',
    no_project: () => 'Needs a project.',
    task_queued: (id) => `${id} is waiting for a machine.`,
    task_running: (id) => `${id} is running.`,
    task_asks: (id) => `${id} needs an answer.`,
    task_waits: (id) => `${id} is paused and continues automatically.`,
    task_failed: (id) => `${id} failed.`,
    done: () => 'Completed.',
  },
  people: {
    open: () => 'You have the only account.',
    done: () => 'Others have accounts.',
  },
}

export const gettingStarted = {
  title: 'Getting started',
  dismiss: 'Dismiss for everyone',
  steps: {
    machine: 'Machine',
    agent: 'Agent',
    project: 'Project',
    task: 'Task',
    people: 'People',
  },
  states: { open: 'To do', working: 'In progress', done: 'Done', failed: 'Problem' },
  sentences,
  checked: 'Repository check:',
  addMachine: 'Add a machine',
  viewMachines: 'View machines',
  createProject: 'Create a project',
  setKey: 'Set a key',
  openProject: (key: string) => `Open ${key}`,
  openTask: (id: string) => `Open ${id}`,
}
