import { Link } from '@tanstack/react-router'
import { EmptyState } from '../../components/feedback/EmptyState'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'

/** The 404 page. It is the same for a page that doesn't exist and one you don't have access to. */
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
