import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function DevicePage() {
  return <Page title={words.common.profile}>{null}</Page>
}
