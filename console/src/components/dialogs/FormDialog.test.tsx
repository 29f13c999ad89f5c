// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import { renderInPage } from '../../testing/render'
import { FormDialog } from './FormDialog'

/** A page whose action asks for a password first, and then for a code. */
function Page() {
  const [step, setStep] = useState<'closed' | 'password' | 'code'>('closed')
  return (
    <>
      <button type="button" onClick={() => setStep('password')}>
        Turn on
      </button>
      {step === 'password' && (
        <FormDialog
          title="Confirm your identity"
          submit="Confirm"
          act={async () => null}
          done={() => setStep('code')}
          onClose={() => setStep('closed')}
        >
          <input name="password" aria-label="Password" />
        </FormDialog>
      )}
      {step === 'code' && (
        <FormDialog
          title="Second factor"
          submit="Verify"
          act={async () => null}
          done={() => setStep('closed')}
          onClose={() => setStep('closed')}
        >
          <input name="code" aria-label="Code" />
        </FormDialog>
      )}
    </>
  )
}

const focused = () => document.activeElement?.getAttribute('aria-label')

describe('the focus of a dialog', () => {
  it('is in its first field, also if the dialog follows another one', async () => {
    const { user } = await renderInPage(<Page />)
    await user.click(screen.getByRole('button', { name: 'Turn on' }))
    await waitFor(() => expect(focused()).toBe('Password'))
    await user.click(screen.getByRole('button', { name: 'Confirm' }))
    await waitFor(() => expect(focused()).toBe('Code'))
    // Also after the first dialog has restored the focus.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(focused()).toBe('Code')
  })
})
