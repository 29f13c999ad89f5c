import { beforeEach, expect, it } from 'vitest'
import { clearUnsavedInput, moveUnsavedInput, unsavedInputFor } from './unsavedInput'

beforeEach(clearUnsavedInput)

it('is kept by place, until it is taken', () => {
  unsavedInputFor('line 3').save('Which waits are these?')
  unsavedInputFor('line 5').save('Say what fails then.')
  expect(unsavedInputFor('line 3').read()).toBe('Which waits are these?')
  unsavedInputFor('line 3').save('')
  expect(unsavedInputFor('line 3').read()).toBe('')
  expect(unsavedInputFor('line 5').read()).toBe('Say what fails then.')
})

it.each([
  ['goes along', 'words', '', 'words'],
  ['takes the place of what was there', 'words', 'others', 'words'],
  ['leaves what is there, where it has none itself', '', 'others', 'others'],
])('a form that is about more lines %s', (_, from, to, found) => {
  unsavedInputFor('line 3').save(from)
  unsavedInputFor('lines 3 to 5').save(to)
  moveUnsavedInput('line 3', 'lines 3 to 5')
  expect(unsavedInputFor('lines 3 to 5').read()).toBe(found)
  expect(unsavedInputFor('line 3').read()).toBe('')
})

it('stays where it is when the form does', () => {
  unsavedInputFor('line 3').save('words')
  moveUnsavedInput('line 3', 'line 3')
  expect(unsavedInputFor('line 3').read()).toBe('words')
})
