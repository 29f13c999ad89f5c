import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { SecretDialog } from '../../../components/dialogs/SecretDialog'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { NewWorkerTokenDialog } from './NewWorkerTokenDialog'
import { WorkerTokens } from './WorkerTokens'

export default function WorkerTokensPage() {
  const [isMaking, make] = useState(false)
  const [made, showMade] = useState<string>()
  const done = (token: string) => {
    make(false)
    showMade(token)
  }
  return (
    <AdminLayout
      title={strings.admin.workerTokens}
      aside={<Button onClick={() => make(true)}>{strings.admin.newToken}</Button>}
    >
      <WorkerTokens />
      {isMaking && <NewWorkerTokenDialog onMade={done} onClose={() => make(false)} />}
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
