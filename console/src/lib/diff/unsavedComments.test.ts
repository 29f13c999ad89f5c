import { beforeEach, expect, it } from 'vitest'
import { clearUnsavedInput, unsavedInputFor } from '../form/unsavedInput'
import { clearUnsavedComments, commentKey, unsavedComments } from './unsavedComments'

beforeEach(clearUnsavedInput)

const line = { commit: 'c', path: 'a.py', side: 'new' as const, line: 4, endLine: 9, blob: 'b' }
const write = (taskId: number, place: object, text: string) =>
  unsavedInputFor(commentKey(taskId, place)).save(text)

it('typed comments of a task are listed with their places, and cleared alone', () => {
  write(7, line, 'Why?')
  write(7, { threadId: 3 }, 'Because.')
  write(71, line, 'Another task.')
  unsavedInputFor('edit 5').save('An edit.')
  expect(unsavedComments(7)).toEqual([
    { ...line, body: 'Why?' },
    { threadId: 3, body: 'Because.' },
  ])
  clearUnsavedComments(7)
  expect(unsavedComments(7)).toEqual([])
  expect(unsavedComments(71)).toHaveLength(1)
  expect(unsavedInputFor('edit 5').read()).toBe('An edit.')
})
