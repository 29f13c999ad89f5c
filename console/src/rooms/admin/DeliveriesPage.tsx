import { readDeliveries } from '../../queries/adminBots'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { Admin } from './Admin'
import { Deliveries } from './Deliveries'

export default function DeliveriesPage() {
  return (
    <Admin
      title={words.admin.deliveries}
      aside={<Button onClick={() => void readDeliveries()}>{words.common.reload}</Button>}
    >
      <Deliveries />
    </Admin>
  )
}
