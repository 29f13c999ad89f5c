import { useMe } from '../../queries/me'
import { Ghost } from '../../ui/Ghost'
import { Page } from '../../ui/Page'
import { words } from '../../words'
import { ChatAccount } from './ChatAccount'
import { Factor } from './Factor'
import { Looks } from './Looks'
import { News } from './News'
import { OwnBudget } from './OwnBudget'
import { Password } from './Password'
import { Sessions } from './Sessions'
import { Tokens } from './Tokens'
import { You } from './You'

export default function ProfilePage() {
  const me = useMe()
  return (
    <Page title={words.common.profile}>
      {me ? (
        <>
          <You me={me} />
          <OwnBudget />
          <Password />
          <Factor isOn={me.totpEnabled} />
          <Sessions />
          <Tokens role={me.role} />
          <News />
          <ChatAccount uid={me.platformUid} />
          <Looks />
        </>
      ) : (
        <Ghost />
      )}
    </Page>
  )
}
