// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { renderInPage } from '../../../../testing/render'
import { SubmitBar } from './SubmitBar'

it('leads to the review, which has the only button that submits it', async () => {
  const { user } = await renderInPage(
    <>
      <section id="review">
        <textarea id="review-summary" aria-label="Summary" />
      </section>
      <SubmitBar threads={[]} />
    </>,
  )
  Element.prototype.scrollIntoView = () => {}
  expect(screen.queryByRole('button', { name: 'Submit review' })).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Your review' }))
  expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'Summary' }))
})
