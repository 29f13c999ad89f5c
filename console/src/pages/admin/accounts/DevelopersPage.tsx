import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { AdminLayout } from '../AdminLayout'
import { NewDeveloperDialog } from './DeveloperDialogs'
import { Developers } from './Developers'

export default function DevelopersPage() {
  const [isMaking, make] = useState(false)
  return (
    <AdminLayout
      title={strings.admin.developers}
      aside={<Button onClick={() => make(true)}>{strings.admin.newDeveloper}</Button>}
    >
      <Developers />
      {isMaking && <NewDeveloperDialog onClose={() => make(false)} />}
    </AdminLayout>
  )
}
