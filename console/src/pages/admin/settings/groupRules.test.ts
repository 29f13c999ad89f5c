import { expect, test } from 'vitest'
import {
  formatMemberships,
  formatRoles,
  InvalidLineError,
  parseMemberships,
  parseRoles,
} from './groupRules'

test('roles come back as they were written', () => {
  const rules = [
    { group: 'cn=ops,dc=x', role: 'admin' as const },
    { group: 'all staff', role: 'developer' as const },
  ]
  expect(parseRoles(formatRoles(rules))).toEqual(rules)
})

test('memberships come back as they were written', () => {
  const rules = [
    { group: 'cn=web', projectKey: 'WEB', role: 'maintainer' as const },
    { group: 'web', projectKey: 'API', role: 'member' as const },
  ]
  expect(parseMemberships(formatMemberships(rules))).toEqual(rules)
})

test('a membership without a role is a member’s, and keys are in capitals', () => {
  expect(parseMemberships('web = api')).toEqual([
    { group: 'web', projectKey: 'API', role: 'member' },
  ])
})

test.each(['ops', '= admin', 'ops = king'])('%s is no rule', (line) => {
  expect(() => parseRoles(line)).toThrow(InvalidLineError)
})
