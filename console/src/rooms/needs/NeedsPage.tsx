import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function NeedsPage() {
  return <Page title={words.common.needsYou}>{null}</Page>
}
