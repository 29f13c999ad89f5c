import { expect, test } from 'vitest'
import { BadLine, readMemberships, readRoles, writtenMemberships, writtenRoles } from './groupRules'

test('roles come back as they were written', () => {
  const rules = [
    { group: 'cn=ops,dc=x', role: 'admin' as const },
    { group: 'all staff', role: 'developer' as const },
  ]
  expect(readRoles(writtenRoles(rules))).toEqual(rules)
})

test('memberships come back as they were written', () => {
  const rules = [
    { group: 'cn=web', projectKey: 'WEB', role: 'maintainer' as const },
    { group: 'web', projectKey: 'API', role: 'member' as const },
  ]
  expect(readMemberships(writtenMemberships(rules))).toEqual(rules)
})

test('a membership without a role is a member’s, and keys are in capitals', () => {
  expect(readMemberships('web = api')).toEqual([
    { group: 'web', projectKey: 'API', role: 'member' },
  ])
})

test.each(['ops', '= admin', 'ops = king'])('%s is no rule', (line) => {
  expect(() => readRoles(line)).toThrow(BadLine)
})
