import { describe, expect, it } from 'vitest'
import { matchItems } from './matching'

const COMMANDS = [
  ['Drain machine', '排空机器'],
  ['Add machine', '添加机器'],
  ['New project', '新建项目'],
  ['Theme: Dark', '主题：深色'],
  ['Sign out', '退出登录'],
  ['Admin: Bots', '管理：机器人'],
  ['Edit or destroy project secrets', '编辑或销毁项目机密'],
]

function find(typed: string): { best: string[]; others: string[] } {
  const { best, others } = matchItems(COMMANDS, typed, (names) => names)
  const [toNames] = [(some: string[][]) => some.map(([name = '']) => name)]
  return { best: toNames(best), others: toNames(others) }
}

const all = (typed: string) => [...find(typed).best, ...find(typed).others]

describe('commands', () => {
  it.each([
    ['machine', 'Drain machine'],
    ['MACHINE dr', 'Drain machine'],
    ['机器', 'Drain machine'],
    ['排空', 'Drain machine'],
    ['dark', 'Theme: Dark'],
    ['深色', 'Theme: Dark'],
    ['登录', 'Sign out'],
  ])('are found by %s, in either language', (typed, name) => {
    expect(all(typed)).toContain(name)
  })

  it.each([
    ['machne', 'a letter missing', 'Drain machine'],
    ['amchine', 'two letters swapped at the start', 'Drain machine'],
    ['macjine', 'a wrong letter', 'Drain machine'],
    ['machhine', 'a letter too many', 'Drain machine'],
    ['porject new', 'words in another order', 'New project'],
    ['排空几器', 'a wrong character', 'Drain machine'],
    ['机气', 'a wrong character of two', 'Drain machine'],
    ['机器排空', 'two characters swapped', undefined],
  ])('are found by %s: %s', (typed, _, name) => {
    if (name) expect(all(typed)).toContain(name)
    else expect(all(typed)).toEqual([])
  })

  it('that are named so come without what only resembles them', () => {
    expect(all('bots')).toEqual(['Admin: Bots'])
    expect(all('机器人')).toEqual(['Admin: Bots'])
  })

  it('are best if a word begins with it', () => {
    expect(find('ma').best.toSorted()).toEqual(['Add machine', 'Drain machine'])
    expect(find('chine').best).toEqual([])
    expect(find('machne').best).toEqual([])
    expect(find('d').best).toEqual([])
    expect(find('new').best).toEqual(['New project'])
  })

  it('are not found by what only resembles the middle of their words', () => {
    expect(matchItems([['Setting: workspace seconds']], 'spcae', (few) => few).others).toHaveLength(
      0,
    )
  })

  it('come first if their names begin with it', () => {
    const names = [['Edit machine'], ['Machines'], ['Setting', '设置', 'of a machine']]
    const { best, others } = matchItems(names, 'machine', (few) => few)
    expect([best.map(([name]) => name), others.map(([name]) => name)]).toEqual([
      ['Machines', 'Edit machine'],
      ['Setting'],
    ])
  })

  it.each(['-machine', '"machine"', 'machine!', '(machine', '[a-', '\\', '*'])(
    'take %s literally',
    (typed) => {
      expect(() => all(typed)).not.toThrow()
      if (typed.includes('machine')) expect(all(typed)).toContain('Drain machine')
    },
  )

  it('are all listed while nothing is typed, and none for unknown words', () => {
    expect(all(' ')).toHaveLength(COMMANDS.length)
    expect(all('zzzzzz')).toEqual([])
  })
})
