import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { Dialog } from '../../components/dialogs/Dialog'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { PasswordFields } from '../../components/forms/PasswordFields'
import { strings } from '../../i18n'
import { changePassword } from '../../queries/profile'
import { showToast } from '../../state/toasts'

type Props = { me: Schemas['Profile']; onClose: () => void }

/** Asks for a new password, then offers a second factor. Both can wait. */
export default function NewPasswordDialog({ me, onClose }: Props) {
  const [isChanged, setChanged] = useState(false)
  if (isChanged) return <SecondFactorOffer onClose={onClose} />
  const handleChanged = () => {
    showToast(strings.profile.passwordChanged)
    if (me.totpEnabled) onClose()
    else setChanged(true)
  }
  return (
    <FormDialog
      title={strings.profile.mustChange.title}
      submit={strings.profile.changePassword}
      cancel={strings.profile.mustChange.later}
      act={({ exact }) =>
        changePassword({
          currentPassword: exact('currentPassword'),
          newPassword: exact('newPassword'),
        })
      }
      done={handleChanged}
      onClose={onClose}
    >
      {(form) => (
        <>
          <p>{strings.profile.mustChange.about}</p>
          <PasswordFields form={form} username={me.name} />
        </>
      )}
    </FormDialog>
  )
}

function SecondFactorOffer({ onClose }: { onClose: () => void }) {
  const texts = strings.profile.mustChange
  return (
    <Dialog
      isOpen
      title={texts.factorTitle}
      onClose={onClose}
      foot={
        <>
          <Link className="btn main" to="/profile" onClick={onClose}>
            {texts.setUp}
          </Link>
          <Button onClick={onClose}>{texts.later}</Button>
        </>
      }
    >
      <p>{texts.factorAbout}</p>
    </Dialog>
  )
}
