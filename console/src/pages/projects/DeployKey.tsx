import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { CopyableLine } from '../../components/controls/CopyButton'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { strings } from '../../i18n'
import { createDeployKey, createNewDeployKey, publicKey } from '../../queries/deployKeys'
import { showErrorToast } from '../../state/toasts'
import styles from './projectCheck.module.css'

/** Generates an SSH key on the server, which shows only the public half. A new project's key is in
 *  its form by ID; a project's own is saved at once. */
export function DeployKey(props: { projectKey: string | null; hasKey?: boolean }) {
  const { projectKey, hasKey = false } = props
  return projectKey === null ? (
    <NewKey />
  ) : (
    <ProjectKey key={projectKey} projectKey={projectKey} hasKey={hasKey} />
  )
}

function NewKey() {
  const made = useMutation({ mutationFn: createNewDeployKey, onError: showErrorToast })
  if (made.data) {
    return (
      <>
        <input type="hidden" name="deployKeyId" value={made.data.id} />
        <PublicKey text={made.data.publicKey} />
      </>
    )
  }
  return (
    <Button className={styles.start} disabled={made.isPending} onClick={() => made.mutate()}>
      {strings.projects.generateKey}
    </Button>
  )
}

function ProjectKey({ projectKey, hasKey }: { projectKey: string; hasKey: boolean }) {
  const texts = strings.projects
  const [isAsking, setAsking] = useState(false)
  const stored = useQuery({ ...publicKey(projectKey), enabled: hasKey })
  const make = useMutation({
    mutationFn: () => createDeployKey(projectKey),
    onError: showErrorToast,
  })
  return (
    <>
      {hasKey && stored.data?.publicKey && <PublicKey text={stored.data.publicKey} />}
      <Button
        className={styles.start}
        disabled={make.isPending}
        onClick={() => (hasKey ? setAsking(true) : make.mutate())}
      >
        {hasKey ? texts.replaceKey : texts.generateKey}
      </Button>
      {isAsking && (
        <FormDialog
          title={texts.replaceKey}
          submit={texts.generateKey}
          act={() => createDeployKey(projectKey)}
          done={() => setAsking(false)}
          onClose={() => setAsking(false)}
        >
          <p>{texts.replaceKeyWhat}</p>
        </FormDialog>
      )}
    </>
  )
}

function PublicKey({ text }: { text: string }) {
  return (
    <div className={styles.check}>
      <CopyableLine text={text} what={strings.projects.publicKey} />
      <p className="hint">{strings.projects.publicKeyHint}</p>
    </div>
  )
}
