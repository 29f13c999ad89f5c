import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { SecretDialog } from '../../../components/dialogs/SecretDialog'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { NewWorkerTokenDialog } from './NewWorkerTokenDialog'
import { WorkerTokens } from './WorkerTokens'

export default function WorkerTokensPage() {
  const [dialog, openDialog] = useUrlDialog<'new'>()
  const [made, showMade] = useState<string>()
  const done = (token: string) => {
    openDialog()
    showMade(token)
  }
  return (
    <AdminLayout
      title={strings.admin.workerTokens}
      aside={<Button onClick={() => openDialog('new')}>{strings.admin.newToken}</Button>}
    >
      <WorkerTokens />
      {dialog === 'new' && <NewWorkerTokenDialog onMade={done} onClose={() => openDialog()} />}
      {made && (
        <SecretDialog
          title={strings.admin.tokenMade}
          secret={made}
          what={strings.admin.token}
          onClose={() => showMade(undefined)}
        >
          <p className="soft">{strings.admin.tokenUse}</p>
        </SecretDialog>
      )}
    </AdminLayout>
  )
}
