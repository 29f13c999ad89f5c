import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function MachinePage() {
  return <Page title={words.common.machines}>{null}</Page>
}
