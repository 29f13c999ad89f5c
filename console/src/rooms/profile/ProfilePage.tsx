import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function ProfilePage() {
  return <Page title={words.common.profile}>{null}</Page>
}
