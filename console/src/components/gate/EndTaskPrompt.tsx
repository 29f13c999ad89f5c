import { type ComponentProps, Suspense } from 'react'
import { lazyComponent } from '../lazyComponent'

const EndTaskDialog = lazyComponent(() => import('./EndTaskDialog'))

/** The dialog before an answer that ends the task. It loads when it first opens, because popups are
 *  large and the first page opens none on its own. */
export function EndTaskPrompt(props: ComponentProps<typeof EndTaskDialog>) {
  return (
    <Suspense>
      <EndTaskDialog {...props} />
    </Suspense>
  )
}
