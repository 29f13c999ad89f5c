import { Suspense } from 'react'
import { late } from './late'

const Markdown = late(async () => ({ default: (await import('./Markdown')).Markdown }))

/** Markdown where few need it: until what takes it apart is here, the text as it was written. */
export function LateMarkdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<p>{text}</p>}>
      <Markdown text={text} />
    </Suspense>
  )
}
