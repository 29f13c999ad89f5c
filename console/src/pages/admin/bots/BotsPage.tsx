import { Button } from '../../../components/controls/Button'
import { useUrlDialog } from '../../../components/hooks/useUrlDialog'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Bindings } from './Bindings'
import { NewBotDialog } from './BotDialogs'
import { Bots } from './Bots'

export default function BotsPage() {
  const [dialog, openDialog] = useUrlDialog<'new'>()
  return (
    <AdminLayout
      title={strings.admin.bots}
      aside={<Button onClick={() => openDialog('new')}>{strings.bots.newBot}</Button>}
    >
      <Bots />
      <Bindings />
      {dialog === 'new' && <NewBotDialog onClose={() => openDialog()} />}
    </AdminLayout>
  )
}
