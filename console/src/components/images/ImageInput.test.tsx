// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../../api/problem'
import { renderInPage } from '../../testing/render'
import { ImageInput } from './ImageInput'
import { useImageUploads } from './useImageUploads'

type Upload = {
  projectKey: string
  file: File
  progress: (part: number) => void
  signal: AbortSignal
  resolve: (image: { id: number }) => void
  reject: (error: unknown) => void
}
const uploads: Upload[] = []
const deleted: number[] = []

vi.mock('../../queries/images', () => ({
  uploadImage: (
    projectKey: string,
    file: File,
    progress: Upload['progress'],
    signal: AbortSignal,
  ) =>
    new Promise((resolve, reject) => {
      uploads.push({ projectKey, file, progress, signal, resolve, reject })
    }),
  deleteImage: (id: number) => deleted.push(id),
}))

const png = (name = 'shot.png', size = 9) =>
  new File([new Uint8Array(size)], name, { type: 'image/png' })
let state: ReturnType<typeof useImageUploads>

function Form({ projectKey = 'WEB', used = 0 }: { projectKey?: string; used?: number }) {
  state = useImageUploads(projectKey, used)
  return (
    <ImageInput uploads={state}>
      <textarea aria-label="Text" />
    </ImageInput>
  )
}

const text = () => screen.getByRole('textbox', { name: 'Text' })
const pasted = (files: File[], plain = '') =>
  fireEvent.paste(text(), { clipboardData: { files, getData: () => plain } })
const dropped = (files: File[]) =>
  fireEvent.drop(text(), { dataTransfer: { files, types: ['Files'] } })

beforeEach(() => {
  uploads.length = deleted.length = 0
  URL.createObjectURL = () => 'blob:1'
  URL.revokeObjectURL = () => {}
})

describe('an attached image', () => {
  it.each([
    ['pasted', pasted],
    ['dropped', dropped],
  ])('that is %s is uploaded, with its progress in words', async (_, give) => {
    await renderInPage(<Form />)
    give([png()])
    expect(await screen.findByText('Uploading… 0%')).toBeDefined()
    expect(state.isUploading).toBe(true)
    uploads[0]?.progress(0.5)
    expect(await screen.findByText('Uploading… 50%')).toBeDefined()
    uploads[0]?.resolve({ id: 5 })
    await waitFor(() => expect([state.ids, state.isUploading]).toEqual([[5], false]))
    expect(screen.getByRole('img', { name: 'shot.png' })).toBeDefined()
    expect(uploads.map(({ projectKey, file }) => [projectKey, file.name])).toEqual([
      ['WEB', 'shot.png'],
    ])
  })

  it('is chosen by keyboard with a button', async () => {
    const { user } = await renderInPage(<Form />)
    await user.tab()
    await user.tab()
    expect(document.activeElement?.textContent).toBe('Attach image')
    await user.upload(screen.getByLabelText('Attach image', { selector: 'input' }), png())
    await waitFor(() => expect(uploads).toHaveLength(1))
  })

  it('is deleted on the server when it is removed', async () => {
    const { user } = await renderInPage(<Form />)
    pasted([png()])
    await waitFor(() => expect(uploads).toHaveLength(1))
    uploads[0]?.resolve({ id: 5 })
    await waitFor(() => expect(state.ids).toEqual([5]))
    await user.click(screen.getByRole('button', { name: 'Remove shot.png' }))
    expect([state.images, deleted]).toEqual([[], [5]])
  })

  it('says why it failed, and can be uploaded again', async () => {
    const { user } = await renderInPage(<Form />)
    pasted([png()])
    await waitFor(() => expect(uploads).toHaveLength(1))
    uploads[0]?.reject(new Problem('validation_failed', 422, 'x', { body: ["Can't be animated."] }))
    expect(await screen.findByText("Can't be animated.")).toBeDefined()
    expect([state.hasFailed, state.isUploading]).toEqual([true, false])
    await user.click(screen.getByRole('button', { name: 'Retry' }))
    await waitFor(() => expect(uploads).toHaveLength(2))
    uploads[1]?.resolve({ id: 6 })
    await waitFor(() => expect([state.ids, state.hasFailed]).toEqual([[6], false]))
  })

  it('is uploaded again to another project', async () => {
    const { rerender } = await renderInPage(<Form projectKey="" />)
    pasted([png()])
    expect(uploads).toEqual([])
    rerender(<Form projectKey="WEB" />)
    await waitFor(() => expect(uploads).toHaveLength(1))
    uploads[0]?.resolve({ id: 5 })
    await waitFor(() => expect(state.ids).toEqual([5]))
    rerender(<Form projectKey="API" />)
    await waitFor(() => expect(uploads.map(({ projectKey }) => projectKey)).toEqual(['WEB', 'API']))
    expect([state.ids, deleted]).toEqual([[], [5]])
  })
})

describe('what is not attached', () => {
  it.each([
    [[new File(['<svg/>'], 'x.svg', { type: 'image/svg+xml' })], /^Only PNG, JPEG and WebP/],
    [[png('big.png', 5 * 1024 * 1024 + 1)], /at most 5 MiB/],
    [Array.from({ length: 9 }, (_, at) => png(`${at}.png`)), /at most 10 images/],
  ])('says why', async (files, why) => {
    await renderInPage(<Form used={2} />)
    dropped(files)
    expect(await screen.findByText(why)).toBeDefined()
    expect(state.images).toHaveLength(files.length === 9 ? 8 : 0)
  })

  it('is a picture of copied text', async () => {
    await renderInPage(<Form />)
    pasted([png()], 'A cell')
    expect(state.images).toEqual([])
  })

  it('is left behind on the server when the form closes', async () => {
    await renderInPage(<Form />)
    pasted([png(), png('2.png')])
    await waitFor(() => expect(uploads).toHaveLength(2))
    uploads[0]?.resolve({ id: 5 })
    await waitFor(() => expect(state.ids).toEqual([5]))
    state.discard()
    expect([deleted, uploads[1]?.signal.aborted]).toEqual([[5], true])
  })
})
