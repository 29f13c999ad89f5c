/** Roles and memberships that a provider's groups give. As text: one rule per line. */
type RoleRule = { group: string; role: 'developer' | 'lead' | 'admin' }
type MembershipRule = {
  group: string
  projectKey: string
  role: 'member' | 'maintainer'
}

/** A line that is not a valid rule. The error's message is the line. */
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

/** Throws InvalidLineError. Group names can contain anything, even `=`: the last `=` separates. */
export function parseRoles(text: string): RoleRule[] {
  return splitLines(text).map((line) => {
    const found = /^(.+?)\s*=\s*(developer|lead|admin)$/.exec(line)
    if (!found?.[1]) throw new InvalidLineError(line)
    return { group: found[1], role: found[2] as RoleRule['role'] }
  })
}

/** Throws InvalidLineError. The role defaults to `member`. */
export function parseMemberships(text: string): MembershipRule[] {
  return splitLines(text).map((line) => {
    const found = /^(.+?)\s*=\s*([^\s=]+)(?:\s+(member|maintainer))?$/.exec(line)
    if (!found?.[1] || !found[2]) throw new InvalidLineError(line)
    const role = (found[3] ?? 'member') as MembershipRule['role']
    return { group: found[1], projectKey: found[2].toUpperCase(), role }
  })
}
