// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { clearUnsavedInput, unsavedInputFor } from '../../../../lib/form/unsavedInput'
import { renderInPage } from '../../../../testing/render'
import { CommentForm } from './CommentForm'

const draft = vi.fn(async (_body: string, _key: string): Promise<unknown> => null)
const publish = vi.fn(async (_body: string, _key: string): Promise<unknown> => null)
const onClose = vi.fn()

const form = (start?: string) => (
  <CommentForm
    label="Comment on line 5"
    start={start}
    written={unsavedInputFor('a line')}
    acts={[
      { name: 'Add draft', do: draft },
      { name: 'Comment now', do: publish },
    ]}
    onClose={onClose}
  />
)
const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Comment on line 5' })
const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name })
const bodies = (act: typeof draft) => act.mock.calls.map(([body]) => body)

beforeEach(() => {
  vi.clearAllMocks()
  clearUnsavedInput()
})

describe('a comment that is written', () => {
  it('begins empty, in the field, with nothing to send', async () => {
    const { user } = await renderInPage(form())
    expect(document.activeElement).toBe(field())
    expect(button('Add draft').disabled && button('Comment now').disabled).toBe(true)
    await user.type(field(), '  ')
    expect(button('Add draft').disabled).toBe(true)
    await user.keyboard('{Control>}{Enter}{/Control}')
    expect(draft).not.toHaveBeenCalled()
  })

  it.each([
    ['the first button by Ctrl and Enter', '{Control>}{Enter}{/Control}', [['Why?'], []]],
    ['nothing by Enter alone', '{Enter}', [[], []]],
  ])('presses %s', async (_, keys, expected) => {
    const { user } = await renderInPage(form())
    await user.type(field(), `Why?${keys}`)
    expect([bodies(draft), bodies(publish)]).toEqual(expected)
  })

  it('closes when it is taken, and leaves nothing behind', async () => {
    const { user } = await renderInPage(form())
    await user.type(field(), 'Why?')
    await user.click(button('Comment now'))
    expect(bodies(publish)).toEqual(['Why?'])
    expect(onClose).toHaveBeenCalledOnce()
    expect(unsavedInputFor('a line').read()).toBe('')
  })

  it('cannot be sent twice, and stays where it was not taken, under the same key', async () => {
    let refuse: (why: Error) => void = () => {}
    draft.mockImplementationOnce(() => new Promise((_, no) => (refuse = no)))
    const { user } = await renderInPage(form())
    await user.type(field(), 'Why?')
    await user.click(button('Add draft'))
    expect(button('Add draft').disabled && button('Comment now').disabled).toBe(true)
    await user.keyboard('{Control>}{Enter}{/Control}')
    refuse(new Error('no'))
    await waitFor(() => expect(button('Add draft').disabled).toBe(false))
    expect(field().value).toBe('Why?')
    await user.click(button('Add draft'))
    const [[, first] = [], [, second] = []] = draft.mock.calls
    expect([draft.mock.calls.length, first]).toEqual([2, second])
  })

  it('is there again when the form was away', async () => {
    const { user, unmount } = await renderInPage(form())
    await user.type(field(), 'half a')
    unmount()
    await renderInPage(form())
    expect(field().value).toBe('half a')
  })

  it('is thrown away by Cancel', async () => {
    const { user } = await renderInPage(form())
    await user.type(field(), 'no')
    await user.click(button('Cancel'))
    expect([onClose.mock.calls.length, unsavedInputFor('a line').read()]).toEqual([1, ''])
  })

  it('is closed by Escape only while nothing has changed', async () => {
    const { user } = await renderInPage(form('As it was.'))
    await user.type(field(), '!{Escape}')
    expect(onClose).not.toHaveBeenCalled()
    await user.type(field(), '{Backspace}{Escape}')
    expect(onClose).toHaveBeenCalledOnce()
  })
})
