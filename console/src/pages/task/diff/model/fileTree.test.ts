import { describe, expect, it } from 'vitest'
import { buildFileTree, filterFiles } from './fileTree'

const file = (path: string) => ({ path, insertions: 1, deletions: 0 })
const renderTree = (paths: string[], closed: string[] = []) =>
  buildFileTree(paths.map(file), new Set(closed)).map(
    ({ depth, name }) => `${'  '.repeat(depth)}${name}`,
  )

describe('the tree of files', () => {
  it('has folders before files, each in the order of names', () => {
    expect(renderTree(['z.py', 'billing/money.py', 'billing/invoice/totals.py', 'a.py'])).toEqual([
      'billing',
      '  invoice',
      '    totals.py',
      '  money.py',
      'a.py',
      'z.py',
    ])
  })
  it('has one line for folders that hold a folder alone', () => {
    expect(renderTree(['tests/invoice/test_totals.py'])).toEqual([
      'tests/invoice',
      '  test_totals.py',
    ])
  })
  it('leaves out what is in a closed folder', () => {
    expect(renderTree(['a/b/c.py', 'a/d.py'], ['a/b'])).toEqual(['a', '  b', '  d.py'])
  })
  it('is empty where there is nothing', () => {
    expect(renderTree([])).toEqual([])
  })
})

it('a filter is words of the path in any letter case', () => {
  const files = ['app/Models/User.py', 'app/views.py'].map(file)
  expect(filterFiles(files, 'user app').map((one) => one.path)).toEqual(['app/Models/User.py'])
  expect(filterFiles(files, ' ')).toHaveLength(2)
})
