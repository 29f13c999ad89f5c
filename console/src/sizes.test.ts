/** Limits the length of functions, components and hooks included. Files: tests/test_sizes.py. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const MAX_LINES = 60
const ROOT = import.meta.dirname

it('keeps each function short', () => {
  const names = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  const sources = names.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
  const functions = sources.flatMap(functionsIn)
  expect(functions.length).toBeGreaterThan(1000)
  expect(functions.filter(({ lines }) => lines > MAX_LINES)).toEqual([])
}, 30_000)

type Measured = { at: string; lines: number }

function functionsIn(name: string): Measured[] {
  const text = readFileSync(join(ROOT, name), 'utf8')
  const kind = name.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, kind)
  const found: Measured[] = []
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1
  const measure = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && !isGroupOfTests(node)) {
      const first = lineOf(node.getStart(file))
      found.push({ at: `${name}:${first}`, lines: lineOf(node.end) - first + 1 })
    }
    ts.forEachChild(node, measure)
  }
  measure(file)
  return found
}

/** Whether it is the callback of `describe`: it groups tests, which are counted individually. */
function isGroupOfTests({ parent }: ts.Node): boolean {
  if (!ts.isCallExpression(parent)) return false
  return /^describe\b/.test(parent.expression.getText())
}
