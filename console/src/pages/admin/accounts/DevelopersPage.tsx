import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { SecretDialog } from '../../../components/dialogs/SecretDialog'
import { useUrlSearch } from '../../../components/hooks/useUrlSearch'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Developers } from './Developers'
import { Invitations } from './Invitations'
import { InviteDialog } from './InviteDialog'

export default function DevelopersPage() {
  const [{ do: opened }, change] = useUrlSearch<{ do?: string }>()
  const [link, showLink] = useState<string>()
  const done = (made: string) => {
    change({ do: '' })
    showLink(made)
  }
  return (
    <AdminLayout
      title={strings.admin.developers}
      aside={<Button onClick={() => change({ do: 'invite' })}>{strings.invitation.invite}</Button>}
    >
      <Developers />
      <Invitations />
      {opened === 'invite' && <InviteDialog onMade={done} onClose={() => change({ do: '' })} />}
      {link && (
        <SecretDialog
          title={strings.invitation.created}
          secret={link}
          what={strings.invitation.link}
          onClose={() => showLink(undefined)}
        >
          <p className="soft">{strings.invitation.createdAbout}</p>
        </SecretDialog>
      )}
    </AdminLayout>
  )
}
