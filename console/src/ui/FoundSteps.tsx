import { ArrowDown, ArrowUp } from 'lucide-react'
import { words } from '../words'
import { Button } from './Button'

/** From one of what was found to the one before, and to the next. */
export function FoundSteps({ step }: { step: (back: boolean) => void }) {
  return (
    <>
      <Button
        look="quiet"
        size="square"
        aria-label={words.keys.previous}
        onClick={() => step(true)}
      >
        <ArrowUp className="i" aria-hidden="true" />
      </Button>
      <Button look="quiet" size="square" aria-label={words.keys.next} onClick={() => step(false)}>
        <ArrowDown className="i" aria-hidden="true" />
      </Button>
    </>
  )
}
