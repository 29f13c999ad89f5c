import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function TasksPage() {
  return <Page title={words.common.tasks}>{null}</Page>
}
