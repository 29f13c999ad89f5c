import { Suspense } from 'react'
import { lazyComponent } from '../lazyComponent'

const Markdown = lazyComponent(async () => ({ default: (await import('./Markdown')).Markdown }))

/** Markdown where few need it: until what takes it apart is here, the text as it was written. */
export function LazyMarkdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<p>{text}</p>}>
      <Markdown text={text} />
    </Suspense>
  )
}
