import { expect, it } from 'vitest'
import { grammars } from '../lines/grammars'
import { languageOf } from './languages'

it.each([
  ['app/main.py', 'python'],
  ['Dockerfile', 'docker'],
  ['docker/Dockerfile', 'docker'],
  ['Makefile', 'make'],
  ['x.test.TSX', 'tsx'],
  ['LICENSE', null],
  ['constructor', null],
])('%s is %s', (path, language) => expect(languageOf(path)).toBe(language))

it('each language has a grammar', () => {
  for (const ending of ['py', 'ts', 'tsx', 'go', 'rs', 'md', 'yml', 'sh', 'sql', 'tf', 'cs']) {
    expect(grammars[languageOf(`x.${ending}`) ?? '']).toBeTypeOf('function')
  }
})
