import { useNavigate } from '@tanstack/react-router'
import { Button } from '../../components/controls/Button'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Checkbox } from '../../components/forms/Checkbox'
import { useUrlDialog } from '../../components/hooks/useUrlDialog'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { deleteProject } from '../../queries/adminProjects'
import { useMe } from '../../queries/me'
import { type Project, saveProject } from '../../queries/projects'
import { showErrorToast, showToast } from '../../state/toasts'

/** Archives and restores the project; for admins, also deletes it. */
export function ProjectLifecycle({ project }: { project: Project }) {
  const texts = strings.projects
  const me = useMe()
  const [dialog, openDialog] = useUrlDialog<'delete'>()
  const isArchived = project.archivedAt !== null
  const archive = async () => {
    try {
      await saveProject(project.key, { archivedAt: isArchived ? null : new Date().toISOString() })
      showToast(isArchived ? texts.restored : texts.archivedNow)
    } catch (error) {
      showErrorToast(error)
    }
  }
  return (
    <Section id="lifecycle" title={texts.lifecycle} about={texts.archiveWhat}>
      <div className="row wrap">
        <Button onClick={() => void archive()}>{isArchived ? texts.restore : texts.archive}</Button>
        {me?.role === 'admin' && (
          <Button variant="bad" onClick={() => openDialog('delete')}>
            {strings.admin.deleteProject(project.key)}
          </Button>
        )}
      </div>
      {dialog === 'delete' && me?.role === 'admin' && (
        <DeleteDialog project={project} onClose={() => openDialog()} />
      )}
    </Section>
  )
}

function DeleteDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const navigate = useNavigate()
  return (
    <FormDialog
      isBad
      title={strings.admin.deleteProject(project.key)}
      submit={strings.admin.deleteProject(project.key)}
      act={({ isChecked }) => deleteProject(project.key, isChecked('force'))}
      done={() => void navigate({ to: '/projects' })}
      onClose={onClose}
    >
      <p>{strings.admin.deleteProjectAbout}</p>
      <Checkbox name="force" label={strings.admin.force} hint={strings.admin.forceHint} />
    </FormDialog>
  )
}
