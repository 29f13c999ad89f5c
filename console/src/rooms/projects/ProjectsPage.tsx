import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function ProjectsPage() {
  return <Page title={words.common.projects}>{null}</Page>
}
