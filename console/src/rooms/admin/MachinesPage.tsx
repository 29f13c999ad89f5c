import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function MachinesPage() {
  return <Page title={words.common.admin}>{null}</Page>
}
