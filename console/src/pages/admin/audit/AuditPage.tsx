import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { refreshAudit } from '../../../queries/adminAudit'
import { AdminLayout } from '../AdminLayout'
import styles from '../admin.module.css'
import { AuditLog } from './AuditLog'

export default function AuditPage() {
  return (
    <AdminLayout
      title={strings.admin.audit}
      aside={<Button onClick={() => void refreshAudit()}>{strings.common.reload}</Button>}
    >
      <p className={styles.about}>{strings.audit.about}</p>
      <AuditLog />
    </AdminLayout>
  )
}
