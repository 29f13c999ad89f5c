import { useMutation } from '@tanstack/react-query'
import { linkChat } from '../../queries/profile'
import { Button } from '../../ui/Button'
import { OnceDialog } from '../../ui/OnceDialog'
import { Section } from '../../ui/Section'
import { sayBroken } from '../../ui/toasts'
import { words } from '../../words'

export function ChatAccount({ uid }: { uid: string | null }) {
  const link = useMutation({ mutationFn: linkChat, onError: sayBroken })
  return (
    <Section title={words.profile.chatAccount} about={words.profile.chatAbout}>
      <p>{uid ? words.profile.linkedAs(uid) : words.profile.notLinked}</p>
      <Button disabled={link.isPending} onClick={() => link.mutate()}>
        {words.profile.link}
      </Button>
      {link.data && (
        <OnceDialog
          title={words.profile.linkTitle}
          secret={`bind ${link.data.token}`}
          what={words.profile.message}
          onClose={() => link.reset()}
        >
          <p className="soft">{words.profile.linkHow}</p>
        </OnceDialog>
      )}
    </Section>
  )
}
