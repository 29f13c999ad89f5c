import { beforeEach, expect, it } from 'vitest'
import { forgetWritten, moveWritten, writtenAt } from './written'

beforeEach(forgetWritten)

it('is kept by place, until it is taken', () => {
  writtenAt('line 3').keep('Which waits are these?')
  writtenAt('line 5').keep('Say what fails then.')
  expect(writtenAt('line 3').read()).toBe('Which waits are these?')
  writtenAt('line 3').keep('')
  expect(writtenAt('line 3').read()).toBe('')
  expect(writtenAt('line 5').read()).toBe('Say what fails then.')
})

it.each([
  ['goes along', 'words', '', 'words'],
  ['takes the place of what was there', 'words', 'others', 'words'],
  ['leaves what is there, where it has none itself', '', 'others', 'others'],
])('a form that is about more lines %s', (_, from, to, found) => {
  writtenAt('line 3').keep(from)
  writtenAt('lines 3 to 5').keep(to)
  moveWritten('line 3', 'lines 3 to 5')
  expect(writtenAt('lines 3 to 5').read()).toBe(found)
  expect(writtenAt('line 3').read()).toBe('')
})

it('stays where it is when the form does', () => {
  writtenAt('line 3').keep('words')
  moveWritten('line 3', 'line 3')
  expect(writtenAt('line 3').read()).toBe('words')
})
