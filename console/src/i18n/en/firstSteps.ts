export const firstSteps = {
  needs: (missing: string) => `Tasks need ${missing}.`,
  project: 'a project',
  machine: 'a machine',
  createProject: 'Create a project',
  addMachine: 'Add a machine',
  ask: (admins: string) => `Ask an admin: ${admins}.`,
}
