// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Project } from '../../queries/projects'
import { dequeueToasts } from '../../state/toasts'
import { renderInPage } from '../../testing/render'
import { serve } from '../../testing/server'
import { PipelineEditor } from './PipelineEditor'

const SAVE = 'PUT /api/web/projects/WEB'
const DRY_RUN = 'POST /api/web/projects/WEB/pipeline/dry-run'
const stage = (name: string) => ({ name, command: '{description}', kind: 'agent', timeout: 3600 })
const project = { key: 'WEB', pipeline: [stage('build'), stage('ship')] } as Project
const save = () => screen.getByRole<HTMLButtonElement>('button', { name: 'Save pipeline' })
const stageNames = () =>
  screen.getAllByRole<HTMLInputElement>('textbox', { name: 'Name' }).map(({ value }) => value)

async function open(errors: Record<string, string[]> = {}, canChange = true) {
  const asked = serve({
    [DRY_RUN]: () => Response.json({ stages: [], errors, errorCodes: {} }),
    [SAVE]: () => Response.json({ ...project, warnings: [] }),
  })
  const page = await renderInPage(<PipelineEditor project={project} canChange={canChange} />)
  await waitFor(() => expect(asked.map(({ route }) => route)).toContain(DRY_RUN))
  return { ...page, saved: () => asked.filter(({ route }) => route === SAVE) }
}

beforeEach(() => void dequeueToasts())

describe('a pipeline that is edited', () => {
  it('is saved once it has changed, and then not again', async () => {
    const { user, saved } = await open()
    expect(save().disabled).toBe(true)
    await user.click(screen.getByRole('button', { name: 'Add stage' }))
    expect(stageNames()).toEqual(['build', 'ship', 'stage'])
    await user.click(save())
    await waitFor(() => expect(save().disabled).toBe(true))
    expect(saved().map(({ body }) => body)).toEqual([
      {
        pipeline: [...project.pipeline, { name: 'stage', command: '{description}' }],
      },
    ])
  })

  it('is moved, shortened, and taken back', async () => {
    const { user } = await open()
    await user.click(screen.getByRole('button', { name: /Move ship up/i }))
    expect(stageNames()).toEqual(['ship', 'build'])
    await user.click(screen.getByRole('button', { name: /Remove ship/i }))
    expect(stageNames()).toEqual(['build'])
    expect(screen.getByRole<HTMLButtonElement>('button', { name: /Remove/i }).disabled).toBe(true)
    await user.click(screen.getByRole('button', { name: 'Discard changes' }))
    expect(stageNames()).toEqual(['build', 'ship'])
  })

  it('cannot be saved while something is wrong with it', async () => {
    const { user } = await open({ 'pipeline.0.name': ['Taken.'], pipeline: ['Too long.'] })
    await user.type(screen.getAllByRole('textbox', { name: 'Name' })[0] as HTMLElement, '2')
    expect(await screen.findByText('Taken.')).toBeDefined()
    expect([screen.getByText('Too long.') !== null, save().disabled]).toEqual([true, true])
  })

  it('as JSON cannot be saved while it is none', async () => {
    const { user } = await open()
    await user.click(screen.getByRole('button', { name: 'JSON' }))
    const text = await screen.findByRole<HTMLTextAreaElement>('textbox', { name: /JSON/ })
    expect(JSON.parse(text.value)).toEqual(project.pipeline)
    await user.type(text, '!')
    expect(save().disabled).toBe(true)
    await user.type(text, '{Backspace}')
    await waitFor(() => expect(save().disabled).toBe(false))
  })

  it('is only shown to those who cannot change it', async () => {
    await open({}, false)
    expect(document.querySelector('fieldset')?.disabled).toBe(true)
  })
})
