import { Link } from '@tanstack/react-router'
import { EmptyState } from '../../components/feedback/EmptyState'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'

/** A page that is not yours and one that is not there look the same. */
export function NotFoundPage() {
  return (
    <Page title={strings.common.notFound}>
      <EmptyState title={strings.common.notFoundWhy}>
        <Link className="btn" to="/">
          {strings.common.home}
        </Link>
      </EmptyState>
    </Page>
  )
}
