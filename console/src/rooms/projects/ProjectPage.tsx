import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function ProjectPage() {
  return <Page title={words.common.projects}>{null}</Page>
}
