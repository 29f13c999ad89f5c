export const invitation = {
  title: 'Accept your invitation',
  from: (name: string, host: string) => `${name} invites you to Muster on ${host}.`,
  projects: (keys: string) => `You join these projects: ${keys}.`,
  accept: 'Create account',
  with: (provider: string) => `Continue with ${provider}`,

  invite: 'Invite a person',
  about: 'You get a link for one account. The person chooses their own name and password.',
  create: 'Create link',
  projectKeys: 'Projects',
  project: 'Project',
  addProject: 'Add a project',
  removeProject: (key: string) => `Remove ${key}`,
  roleIn: (key: string) => `Role in ${key}`,
  projectAs: (key: string, role: string) => `${key} (${role.toLowerCase()})`,
  emailHint: 'With single sign-on, only this address can accept. Optional.',
  note: 'Note',
  noteHint: 'Only admins see it. Optional.',
  created: 'Invitation created',
  createdAbout: 'Send this link to the person. Anyone with it can create the account.',
  link: 'Link',
  list: 'Invitations',
  none: 'No invitations.',
  person: 'Person',
  states: {
    open: 'Open',
    accepted: 'Accepted',
    withdrawn: 'Withdrawn',
    expired: 'Expired',
  },
  withdraw: 'Withdraw',
  withdrawTitle: (name: string) => `Withdraw the invitation for ${name}`,
  withdrawAbout: 'Its link stops working.',
}

/** What each role allows, where people choose one. */
export const roles = {
  guide: 'What system roles and project roles allow',
  guideAbout:
    'Everyone has one system role, and one role in each project that they are a member of. They can do what either allows.',
  ofSystem: 'System roles',
  systemRole: 'System role',
  ofSystemAbout: 'Apply everywhere. Admins set them under Developers.',
  ofProject: 'Project roles',
  ofProjectAbout:
    "Apply in one project. Admins and the project's maintainers set them under Members.",
  system: {
    developer: 'Works in the projects that they are a member of.',
    lead: 'Also sees all projects and machines, drains machines and cancels any task.',
    admin: 'Can do everything: accounts, projects, machines and settings.',
  },
  project: {
    member: 'Creates tasks, answers gates, reviews and follows up.',
    maintainer:
      "Also changes the project and its members, cancels and retries anyone's tasks, and types into their terminals.",
  },
}

/** Who can answer a gate. */
export const answerers = {
  label: 'Who can answer',
  hint: 'Also for admins. They can answer if nobody else is left.',
  who: {
    members: 'All members',
    maintainers: 'Maintainers',
    not_author: 'Everyone but the author',
    named: 'Named people',
  },
  people: 'People who can answer',
  notMember: (name: string) => `${name} (not a member)`,
  can: (names: string) => `Can answer: ${names}.`,
  nobodyLeft: (names: string) => `Nobody else is left, so admins can answer: ${names}.`,
}
