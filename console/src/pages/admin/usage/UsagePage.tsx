import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Usage } from './Usage'

export default function UsagePage() {
  return (
    <AdminLayout title={strings.admin.usage}>
      <Usage />
    </AdminLayout>
  )
}
