/** What groups of a provider give, as people write it: one rule a line. */
type RoleRule = { group: string; role: 'developer' | 'lead' | 'admin' }
type MembershipRule = {
  group: string
  projectKey: string
  role: 'member' | 'maintainer'
}

/** A line that says no rule; its text is the message's. */
export class InvalidLineError extends Error {
  constructor(readonly line: string) {
    super(line)
    this.name = 'BadLine'
  }
}

export const splitLines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

export const formatRoles = (rules: RoleRule[]): string =>
  rules.map(({ group, role }) => `${group} = ${role}`).join('\n')

export const formatMemberships = (rules: MembershipRule[]): string =>
  rules.map(({ group, projectKey, role }) => `${group} = ${projectKey} ${role}`).join('\n')

/** Throws BadLine. Names of groups may hold anything, also `=`: the last one counts. */
export function parseRoles(text: string): RoleRule[] {
  return splitLines(text).map((line) => {
    const found = /^(.+?)\s*=\s*(developer|lead|admin)$/.exec(line)
    if (!found?.[1]) throw new InvalidLineError(line)
    return { group: found[1], role: found[2] as RoleRule['role'] }
  })
}

/** Throws BadLine. Without a role it is `member`. */
export function parseMemberships(text: string): MembershipRule[] {
  return splitLines(text).map((line) => {
    const found = /^(.+?)\s*=\s*([^\s=]+)(?:\s+(member|maintainer))?$/.exec(line)
    if (!found?.[1] || !found[2]) throw new InvalidLineError(line)
    const role = (found[3] ?? 'member') as MembershipRule['role']
    return { group: found[1], projectKey: found[2].toUpperCase(), role }
  })
}
