import { Link } from '@tanstack/react-router'
import { Empty } from '../../ui/Empty'
import { Page } from '../../ui/Page'
import { words } from '../../words'

/** A page that is not yours and one that is not there look the same. */
export function MissingPage() {
  return (
    <Page title={words.common.notFound}>
      <Empty title={words.common.notFoundWhy}>
        <Link className="btn" to="/">
          {words.common.home}
        </Link>
      </Empty>
    </Page>
  )
}
