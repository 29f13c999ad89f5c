import { useState } from 'react'
import { lazyComponent } from '../../components/lazyComponent'
import { useMe } from '../../queries/me'

const NewPasswordDialog = lazyComponent(() => import('./NewPasswordDialog'))
/** Holds the ID of the user who postponed it, until the tab closes. */
const STORAGE_KEY = 'muster-password-later'

/** Asks for a new password if the user's was generated or chosen by someone else. */
export function PasswordReminder() {
  const me = useMe()
  const [askedId, ask] = useState<number>()
  const [closedId, close] = useState(() => Number(sessionStorage.getItem(STORAGE_KEY)))
  if (!me || closedId === me.id) return null
  // Once asked, it also offers a second factor, when the password is no longer to be changed.
  if (me.mustChangePassword && askedId !== me.id) ask(me.id)
  if (askedId !== me.id) return null
  const handleClose = () => {
    sessionStorage.setItem(STORAGE_KEY, String(me.id))
    close(me.id)
  }
  return <NewPasswordDialog me={me} onClose={handleClose} />
}
