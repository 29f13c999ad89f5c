import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function DevelopersPage() {
  return <Page title={words.common.admin}>{null}</Page>
}
