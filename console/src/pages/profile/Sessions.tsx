import { useMutation } from '@tanstack/react-query'
import type { Schemas } from '../../api/client'
import { Button } from '../../components/controls/Button'
import { Section } from '../../components/page/Section'
import { RelativeTime } from '../../components/status/RelativeTime'
import { PagedList } from '../../components/tables/PagedList'
import { type Column, Table } from '../../components/tables/Table'
import { strings } from '../../i18n'
import { endOtherSessions, endSession, useSessions } from '../../queries/profile'
import { showErrorToast, showToast } from '../../state/toasts'

type Session = Schemas['Session']

export function Sessions() {
  const sessions = useSessions()
  const done = { onSuccess: () => showToast(strings.profile.ended), onError: showErrorToast }
  const end = useMutation({ mutationFn: endSession, ...done })
  const endOthers = useMutation({ mutationFn: endOtherSessions, ...done })
  const hasOthers = (sessions.data?.length ?? 0) > 1
  return (
    <Section id="sessions" title={strings.profile.sessions} about={strings.profile.sessionsAbout}>
      <PagedList list={sessions} empty={strings.forms.none}>
        {(rows) => (
          <Table
            label={strings.profile.sessions}
            columns={columns((one) => end.mutate(one.id))}
            rows={rows}
            keyOf={({ id }) => id}
          />
        )}
      </PagedList>
      {hasOthers && (
        <Button variant="bad" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {strings.profile.endOthers}
        </Button>
      )}
    </Section>
  )
}

const columns = (onEnd: (session: Session) => void): Column<Session>[] => [
  {
    name: strings.profile.device,
    cell: ({ device, current }) => (
      <span title={device}>
        {device}
        {current && <span className="dim"> · {strings.profile.current}</span>}
      </span>
    ),
  },
  {
    name: strings.profile.way,
    width: '17%',
    cell: ({ via, provider }) => provider ?? strings.profile.via[via],
  },
  {
    name: strings.profile.address,
    width: '18%',
    cell: ({ address }) => <span className="mono">{address ?? '–'}</span>,
  },
  {
    name: strings.profile.lastSeen,
    width: '13%',
    cell: ({ lastSeenAt }) => <RelativeTime at={lastSeenAt} />,
  },
  {
    name: strings.profile.started,
    width: '13%',
    isExtra: true,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    name: strings.forms.actions,
    width: '72px',
    isHeaderHidden: true,
    cell: (one) =>
      one.current ? null : (
        <Button
          variant="quiet"
          aria-label={strings.profile.endOf(one.device)}
          onClick={() => onEnd(one)}
        >
          {strings.profile.end}
        </Button>
      ),
  },
]
