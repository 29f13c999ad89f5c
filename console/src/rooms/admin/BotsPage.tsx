import { useState } from 'react'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { Admin } from './Admin'
import { Bindings } from './Bindings'
import { NewBotDialog } from './BotDialogs'
import { Bots } from './Bots'

export default function BotsPage() {
  const [isMaking, make] = useState(false)
  return (
    <Admin
      title={words.admin.bots}
      aside={<Button onClick={() => make(true)}>{words.bots.newBot}</Button>}
    >
      <Bots />
      <Bindings />
      {isMaking && <NewBotDialog onClose={() => make(false)} />}
    </Admin>
  )
}
