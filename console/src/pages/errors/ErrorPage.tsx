import type { ErrorComponentProps } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { NotFoundPage } from './NotFoundPage'

/** An error that a page threw, with the request's ID. A 404 shows the not-found page instead. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  if (asProblem(error).status === 404) return <NotFoundPage />
  return (
    <Page title={strings.common.brokenPage}>
      <ErrorMessage error={error} again={reset} />
    </Page>
  )
}
