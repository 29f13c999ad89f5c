import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { SecretDialog } from '../../../components/dialogs/SecretDialog'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { RoleGuide } from '../../../components/roles/RoleGuide'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Developers } from './Developers'
import { Invitations } from './Invitations'
import { InviteDialog } from './InviteDialog'

export default function DevelopersPage() {
  const [dialog, openDialog] = useUrlDialog<'invite'>()
  const [link, showLink] = useState<string>()
  const done = (made: string) => {
    openDialog()
    showLink(made)
  }
  return (
    <AdminLayout
      title={strings.admin.developers}
      aside={<Button onClick={() => openDialog('invite')}>{strings.invitation.invite}</Button>}
    >
      <RoleGuide />
      <Developers />
      <Invitations />
      {dialog === 'invite' && <InviteDialog onMade={done} onClose={() => openDialog()} />}
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
