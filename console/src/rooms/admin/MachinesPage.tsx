import { Link } from '@tanstack/react-router'
import { words } from '../../words'
import { Admin } from './Admin'
import { Machines } from './Machines'

export default function MachinesPage() {
  return (
    <Admin
      title={words.admin.machines}
      aside={
        <Link className="btn" to="/admin/worker-tokens">
          {words.admin.newToken}
        </Link>
      }
    >
      <Machines />
    </Admin>
  )
}
