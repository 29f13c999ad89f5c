import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { refreshDeliveries } from '../../../queries/adminBots'
import { AdminLayout } from '../AdminLayout'
import { Deliveries } from './Deliveries'

export default function DeliveriesPage() {
  return (
    <AdminLayout
      title={strings.admin.deliveries}
      aside={<Button onClick={() => void refreshDeliveries()}>{strings.common.reload}</Button>}
    >
      <Deliveries />
    </AdminLayout>
  )
}
