import { Skeleton } from '../../components/feedback/Skeleton'
import { useHashFocus } from '../../components/hooks/useHashFocus'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { useMe } from '../../queries/me'
import { Appearance } from './Appearance'
import { ChatAccount } from './ChatAccount'
import { GitIdentity } from './GitIdentity'
import { NotificationPreferences } from './NotificationPreferences'
import { OwnBudget } from './OwnBudget'
import { Password } from './Password'
import { SecondFactor } from './SecondFactor'
import { Sessions } from './Sessions'
import { Tokens } from './Tokens'

type Me = NonNullable<ReturnType<typeof useMe>>

export default function ProfilePage() {
  const me = useMe()
  return <Page title={strings.common.profile}>{me ? <Sections me={me} /> : <Skeleton />}</Page>
}

function Sections({ me }: { me: Me }) {
  useHashFocus()
  return (
    <>
      <GitIdentity me={me} />
      <OwnBudget />
      <Password />
      <SecondFactor isOn={me.totpEnabled} />
      <Sessions />
      <Tokens role={me.role} />
      <NotificationPreferences />
      <ChatAccount uid={me.platformUid} />
      <Appearance />
    </>
  )
}
