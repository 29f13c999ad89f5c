import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schemas } from '../../../api/client'
import { roundsOf, type Shown, stagesOf, type Told } from '../../../lib/diffChoice'
import { Button } from '../../../ui/Button'
import { Menu } from '../../../ui/Menu'
import { words } from '../../../words'
import styles from './Diff.module.css'
import type { Layout } from './review'

type Props = {
  told: Told[]
  shown: Shown
  base: string
  pipeline: Schemas['Stage'][]
  layout: Layout
  ignoresSpace: boolean
  onShow: (shown: Shown) => void
  onLayout: (layout: Layout) => void
  onIgnoreSpace: (ignores: boolean) => void
  children: ReactNode
}

/** What is compared with what, and how it is drawn. */
export function Rounds(props: Props) {
  const { shown, layout } = props
  const before = shown.round - 1
  return (
    <div className={styles.rounds}>
      {props.children}
      <Ends {...props} />
      <span className="dim wide">{words.diff.against}</span>
      <Beginnings {...props} />
      {shown.since === 'base' && before > 0 && (
        <button
          type="button"
          className="btn quiet wide"
          onClick={() => props.onShow({ ...shown, since: 'round' })}
        >
          {words.diff.onlyNew(before)}
        </button>
      )}
      <span className="grow wide" />
      {layout !== 'narrow' && (
        // biome-ignore lint/a11y/useSemanticElements: two buttons that are one choice
        <div className="join wide" role="group" aria-label={words.diff.layout}>
          {(['unified', 'split'] as const).map((one) => (
            <Button key={one} aria-pressed={layout === one} onClick={() => props.onLayout(one)}>
              {one === 'split' ? words.diff.sideBySide : words.diff.unified}
            </Button>
          ))}
        </div>
      )}
      <button
        type="button"
        className={`chip ${props.ignoresSpace ? 'on' : ''}`}
        aria-pressed={props.ignoresSpace}
        onClick={() => props.onIgnoreSpace(!props.ignoresSpace)}
      >
        {words.diff.ignoreWhitespace}
      </button>
    </div>
  )
}

function Ends({ told, shown, onShow }: Props) {
  const rounds = roundsOf(told)
  const latest = rounds.at(-1)
  const nameOf = (round: number) =>
    round === latest ? `${words.diff.round(round)}, ${words.diff.latest}` : words.diff.round(round)
  return (
    <Menu
      button={
        <Button>
          <span className="hidden">{words.diff.show} </span>
          {words.diff.round(shown.round)} <ChevronDown className="i" />
        </Button>
      }
      items={rounds.map((round) => ({
        name: nameOf(round),
        act: () => onShow({ round, since: 'base', stage: null }),
      }))}
    />
  )
}

function Beginnings({ told, shown, base, pipeline, onShow }: Props) {
  const nameOf = (stage: number) => words.diff.stageAlone(pipeline[stage]?.name ?? `${stage + 1}`)
  const chosen =
    shown.since === 'base'
      ? words.diff.base
      : shown.since === 'round'
        ? words.diff.roundBefore(shown.round - 1)
        : nameOf(shown.stage ?? 0)
  const before = { name: words.diff.roundBefore(shown.round - 1), since: 'round' as const }
  const items = [
    { name: words.diff.base, since: 'base' as const },
    ...(shown.round > 1 ? [before] : []),
  ].map(({ name, since }) => ({
    name,
    act: () => onShow({ round: shown.round, since, stage: null }),
  }))
  const stages = stagesOf(told, shown.round).map(({ stage }) => ({
    name: nameOf(stage),
    act: () => onShow({ round: shown.round, since: 'stage', stage }),
  }))
  return (
    <Menu
      button={
        <Button>
          <span className="hidden">{words.diff.compareWith} </span>
          {chosen}
          {shown.since === 'base' && <span className="dim mono wide">{base.slice(0, 7)}</span>}
          <ChevronDown className="i" />
        </Button>
      }
      items={stages.length > 0 ? [...items, null, ...stages] : items}
    />
  )
}
