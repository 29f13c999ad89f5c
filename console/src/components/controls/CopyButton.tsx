import { Check, Copy as CopyIcon } from 'lucide-react'
import { useState } from 'react'
import { strings } from '../../i18n'
import { Button } from './Button'

const SHOWN_MILLISECONDS = 1500

/** A button that copies `text`; `what` names it ("Copy branch"). */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), SHOWN_MILLISECONDS)
  }
  const label = isCopied ? strings.common.copied : strings.common.copyAs(what)
  return (
    <Button variant="quiet" size="tiny square" aria-label={label} title={label} onClick={copy}>
      {isCopied ? <Check className="i" /> : <CopyIcon className="i" />}
    </Button>
  )
}

/** A line of text with a copy button. */
export function CopyableLine({ text, what }: { text: string; what: string }) {
  return (
    <div className="copy">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  )
}
