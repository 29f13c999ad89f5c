import { useMutation } from '@tanstack/react-query'
import { Button } from '../../components/controls/Button'
import { SecretDialog } from '../../components/dialogs/SecretDialog'
import { Section } from '../../components/page/Section'
import { strings } from '../../i18n'
import { linkChat } from '../../queries/profile'
import { showErrorToast } from '../../state/toasts'

export function ChatAccount({ uid }: { uid: string | null }) {
  const link = useMutation({ mutationFn: linkChat, onError: showErrorToast })
  return (
    <Section id="chat" title={strings.profile.chatAccount} about={strings.profile.chatAbout}>
      <p>{uid ? strings.profile.linkedAs(uid) : strings.profile.notLinked}</p>
      <Button disabled={link.isPending} onClick={() => link.mutate()}>
        {strings.profile.link}
      </Button>
      {link.data && (
        <SecretDialog
          title={strings.profile.linkTitle}
          secret={`bind ${link.data.token}`}
          what={strings.profile.message}
          onClose={() => link.reset()}
        >
          <p className="soft">{strings.profile.linkHow}</p>
        </SecretDialog>
      )}
    </Section>
  )
}
