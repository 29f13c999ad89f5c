import type { ErrorComponentProps } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { Broken } from '../../ui/Broken'
import { Page } from '../../ui/Page'
import { words } from '../../words'
import { MissingPage } from './MissingPage'

/** What a page threw, with the request's id; what is not there is no fault. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  if (asProblem(error).status === 404) return <MissingPage />
  return (
    <Page title={words.common.brokenPage}>
      <Broken error={error} again={reset} />
    </Page>
  )
}
