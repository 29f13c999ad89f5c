import { Link } from '@tanstack/react-router'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { Machines } from './Machines'

export default function MachinesPage() {
  return (
    <AdminLayout
      title={strings.admin.machines}
      aside={
        <Link className="btn" to="/admin/worker-tokens">
          {strings.admin.newToken}
        </Link>
      }
    >
      <Machines />
    </AdminLayout>
  )
}
