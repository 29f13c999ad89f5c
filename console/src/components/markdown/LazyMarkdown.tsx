import { Suspense } from 'react'
import { lazyComponent } from '../lazyComponent'

const Markdown = lazyComponent(async () => ({ default: (await import('./Markdown')).Markdown }))

/** Markdown on pages that rarely need it: shows the plain text until the parser is loaded. */
export function LazyMarkdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<p>{text}</p>}>
      <Markdown text={text} />
    </Suspense>
  )
}
