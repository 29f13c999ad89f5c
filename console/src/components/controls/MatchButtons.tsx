import { ArrowDown, ArrowUp } from 'lucide-react'
import { strings } from '../../i18n'
import { Button } from './Button'

/** Buttons for the previous and the next match. */
export function MatchButtons({ step }: { step: (back: boolean) => void }) {
  return (
    <>
      <Button
        variant="quiet"
        size="square"
        aria-label={strings.keys.previous}
        onClick={() => step(true)}
      >
        <ArrowUp className="i" aria-hidden="true" />
      </Button>
      <Button
        variant="quiet"
        size="square"
        aria-label={strings.keys.next}
        onClick={() => step(false)}
      >
        <ArrowDown className="i" aria-hidden="true" />
      </Button>
    </>
  )
}
