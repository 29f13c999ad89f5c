import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { Admin } from './Admin'
import { NewProjectDialog } from './NewProjectDialog'
import { Projects } from './Projects'

export default function ProjectsPage() {
  const [isMaking, make] = useState(false)
  const navigate = useNavigate()
  const made = (projectKey: string) =>
    void navigate({ to: '/projects/$projectKey', params: { projectKey } })
  return (
    <Admin
      title={words.admin.projects}
      aside={<Button onClick={() => make(true)}>{words.admin.newProject}</Button>}
    >
      <Projects />
      {isMaking && <NewProjectDialog onMade={made} onClose={() => make(false)} />}
    </Admin>
  )
}
