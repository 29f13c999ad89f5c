import { describe, expect, it } from 'vitest'
import { taskPermissions } from './permissions'

const task = (status: string) => ({ status, createdBy: { id: 7, name: 'bo' } }) as never
const allowedActions = (may: ReturnType<typeof taskPermissions>) =>
  Object.entries(may).flatMap(([act, isAllowed]) => (isAllowed ? [act] : []))

describe('who may do what with a task', () => {
  it.each([
    ['nobody knows who', undefined, undefined, []],
    ['a lead of no project', { id: 1, role: 'lead' }, null, ['cancel']],
    ['a developer of another project', { id: 1, role: 'developer' }, null, []],
    ['its creator, who has left', { id: 7, role: 'developer' }, null, []],
    ['a member', { id: 1, role: 'developer' }, 'member', ['answer', 'followUp']],
    [
      'its creator',
      { id: 7, role: 'developer' },
      'member',
      ['answer', 'followUp', 'cancel', 'tunnel'],
    ],
    [
      'a maintainer',
      { id: 1, role: 'developer' },
      'maintainer',
      ['answer', 'followUp', 'cancel', 'tunnel'],
    ],
    ['an admin', { id: 1, role: 'admin' }, null, ['answer', 'followUp', 'cancel', 'tunnel']],
  ] as const)('%s', (_, me, myRole, acts) => {
    expect(allowedActions(taskPermissions(task('running'), me, myRole))).toEqual(acts)
  })

  it.each([
    ['running', true, false],
    ['completed', false, false],
    ['failed', false, true],
    ['cancelled', false, true],
  ])('%s: to be cancelled %s, to be retried %s', (status, cancel, retry) => {
    const may = taskPermissions(task(status), { id: 1, role: 'admin' }, null)
    expect([may.cancel, may.retry]).toEqual([cancel, retry])
  })
})
