import { useState } from 'react'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { Admin } from './Admin'
import { NewDeveloperDialog } from './DeveloperDialogs'
import { Developers } from './Developers'

export default function DevelopersPage() {
  const [isMaking, make] = useState(false)
  return (
    <Admin
      title={words.admin.developers}
      aside={<Button onClick={() => make(true)}>{words.admin.newDeveloper}</Button>}
    >
      <Developers />
      {isMaking && <NewDeveloperDialog onClose={() => make(false)} />}
    </Admin>
  )
}
