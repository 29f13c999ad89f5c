import { describe, expect, it } from 'vitest'
import { buildFileTree, filterFiles, orderFiles } from './fileTree'

const file = (path: string) => ({
  path,
  generated: path.endsWith('.lock'),
  binary: path.endsWith('.png'),
})
const renderTree = (paths: string[], closed: string[] = []) =>
  buildFileTree(paths.map(file), new Set(closed)).map((branch) =>
    branch.kind === 'heading' ? '--' : `${'  '.repeat(branch.depth)}${branch.name}`,
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
  it('has generated and binary files last, without folders', () => {
    const paths = ['a/uv.lock', 'a/logo.png', 'z.py', 'a/b.py']
    expect(renderTree(paths)).toEqual(['a', '  b.py', 'z.py', '--', 'a/logo.png', 'a/uv.lock'])
    expect(renderTree(['uv.lock'])).toEqual(['--', 'uv.lock'])
  })
  it('is empty where there is nothing', () => {
    expect(renderTree([])).toEqual([])
  })
})

it('the files have the order of their tree', () => {
  const paths = ['z.py', 'uv.lock', 'b/c/d.py', 'b/e.py', 'b/logo.png', 'a.py']
  const tree = buildFileTree(paths.map(file), new Set())
  const inTree = tree.flatMap((branch) => (branch.kind === 'file' ? [branch.path] : []))
  expect(orderFiles(paths.map(file)).map(({ path }) => path)).toEqual(inTree)
  expect(inTree).toEqual(['b/c/d.py', 'b/e.py', 'a.py', 'z.py', 'b/logo.png', 'uv.lock'])
})

it('a filter is words of the path in any letter case', () => {
  const files = ['app/Models/User.py', 'app/views.py'].map(file)
  expect(filterFiles(files, 'user app').map((one) => one.path)).toEqual(['app/Models/User.py'])
  expect(filterFiles(files, ' ')).toHaveLength(2)
})
