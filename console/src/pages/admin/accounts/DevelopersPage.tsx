import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { SecretDialog } from '../../../components/dialogs/SecretDialog'
import { RoleGuide } from '../../../components/roles/RoleGuide'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Developers } from './Developers'
import { Invitations } from './Invitations'
import { InviteDialog } from './InviteDialog'

export default function DevelopersPage() {
  const [isInviting, invite] = useState(false)
  const [link, showLink] = useState<string>()
  const done = (made: string) => {
    invite(false)
    showLink(made)
  }
  return (
    <AdminLayout
      title={strings.admin.developers}
      aside={<Button onClick={() => invite(true)}>{strings.invitation.invite}</Button>}
    >
      <RoleGuide />
      <Developers />
      <Invitations />
      {isInviting && <InviteDialog onMade={done} onClose={() => invite(false)} />}
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
