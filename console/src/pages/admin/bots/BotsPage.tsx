import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Bindings } from './Bindings'
import { NewBotDialog } from './BotDialogs'
import { Bots } from './Bots'

export default function BotsPage() {
  const [isMaking, make] = useState(false)
  return (
    <AdminLayout
      title={strings.admin.bots}
      aside={<Button onClick={() => make(true)}>{strings.bots.newBot}</Button>}
    >
      <Bots />
      <Bindings />
      {isMaking && <NewBotDialog onClose={() => make(false)} />}
    </AdminLayout>
  )
}
