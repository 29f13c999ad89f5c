import { useState } from 'react'
import { Button } from '../../ui/Button'
import { OnceDialog } from '../../ui/OnceDialog'
import { words } from '../../words'
import { Admin } from './Admin'
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
    <Admin
      title={words.admin.workerTokens}
      aside={<Button onClick={() => make(true)}>{words.admin.newToken}</Button>}
    >
      <WorkerTokens />
      {isMaking && <NewWorkerTokenDialog onMade={done} onClose={() => make(false)} />}
      {made && (
        <OnceDialog
          title={words.admin.tokenMade}
          secret={made}
          what={words.admin.token}
          onClose={() => showMade(undefined)}
        >
          <p className="soft">{words.admin.tokenUse}</p>
        </OnceDialog>
      )}
    </Admin>
  )
}
