import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function TaskPage() {
  return <Page title={words.common.tasks}>{null}</Page>
}
