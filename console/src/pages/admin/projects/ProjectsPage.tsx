import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { NewProjectDialog } from './NewProjectDialog'
import { Projects } from './Projects'

export default function ProjectsPage() {
  const [isMaking, make] = useState(false)
  const navigate = useNavigate()
  const openProject = (projectKey: string) =>
    void navigate({ to: '/projects/$projectKey', params: { projectKey } })
  return (
    <AdminLayout
      title={strings.admin.projects}
      aside={<Button onClick={() => make(true)}>{strings.admin.newProject}</Button>}
    >
      <Projects />
      {isMaking && <NewProjectDialog onMade={openProject} onClose={() => make(false)} />}
    </AdminLayout>
  )
}
