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
  projectKeysHint: 'Keys, with commas. The person becomes a member. Optional.',
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
  withdrawTitle: (name: string) => `Withdraw the invitation of ${name}`,
  withdrawAbout: 'Its link stops working.',
}

/** What each role allows, where people choose one. */
export const roles = {
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
  hint: 'Also for admins. They can answer if nobody else is left. Name people in JSON.',
  who: {
    members: 'All members',
    maintainers: 'Maintainers',
    not_author: 'Everyone but the author',
    named: 'Named people',
  },
  can: (names: string) => `Can answer: ${names}.`,
  nobodyLeft: (names: string) => `Nobody else is left, so admins can answer: ${names}.`,
}
