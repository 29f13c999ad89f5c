import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function NotificationsPage() {
  return <Page title={words.common.inbox}>{null}</Page>
}
