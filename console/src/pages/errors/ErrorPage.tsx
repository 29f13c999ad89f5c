import type { ErrorComponentProps } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { NotFoundPage } from './NotFoundPage'

/** What a page threw, with the request's id; what is not there is no fault. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  if (asProblem(error).status === 404) return <NotFoundPage />
  return (
    <Page title={strings.common.brokenPage}>
      <ErrorMessage error={error} again={reset} />
    </Page>
  )
}
