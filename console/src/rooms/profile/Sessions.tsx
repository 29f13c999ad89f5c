import { useMutation } from '@tanstack/react-query'
import type { Schemas } from '../../api/client'
import { endOtherSessions, endSession, useSessions } from '../../queries/profile'
import { Button } from '../../ui/Button'
import { Rows } from '../../ui/Rows'
import { Section } from '../../ui/Section'
import { type Column, Table } from '../../ui/Table'
import { say, sayBroken } from '../../ui/toasts'
import { When } from '../../ui/When'
import { words } from '../../words'

type Session = Schemas['Session']

export function Sessions() {
  const sessions = useSessions()
  const done = { onSuccess: () => say(words.profile.ended), onError: sayBroken }
  const end = useMutation({ mutationFn: endSession, ...done })
  const endOthers = useMutation({ mutationFn: endOtherSessions, ...done })
  const hasOthers = (sessions.data?.length ?? 0) > 1
  return (
    <Section title={words.profile.sessions} about={words.profile.sessionsAbout}>
      <Rows list={sessions} empty={words.forms.none}>
        {(rows) => (
          <Table
            label={words.profile.sessions}
            columns={columns((one) => end.mutate(one.id))}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </Rows>
      {hasOthers && (
        <Button look="bad" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {words.profile.endOthers}
        </Button>
      )}
    </Section>
  )
}

const columns = (onEnd: (session: Session) => void): Column<Session>[] => [
  {
    name: words.profile.device,
    cell: ({ device, current }) => (
      <span title={device}>
        {device}
        {current && <span className="dim"> · {words.profile.current}</span>}
      </span>
    ),
  },
  {
    name: words.profile.way,
    width: '17%',
    cell: ({ via, provider }) => provider ?? words.profile.via[via],
  },
  {
    name: words.profile.address,
    width: '18%',
    cell: ({ address }) => <span className="mono">{address ?? '–'}</span>,
  },
  {
    name: words.profile.lastSeen,
    width: '13%',
    cell: ({ lastSeenAt }) => <When at={lastSeenAt} />,
  },
  {
    name: words.profile.begun,
    width: '13%',
    isExtra: true,
    cell: ({ createdAt }) => <When at={createdAt} />,
  },
  {
    name: words.forms.acts,
    width: '72px',
    isNameless: true,
    cell: (one) =>
      one.current ? null : (
        <Button
          look="quiet"
          aria-label={words.profile.endOf(one.device)}
          onClick={() => onEnd(one)}
        >
          {words.profile.end}
        </Button>
      ),
  },
]
