import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { Menu } from '../../../components/controls/Menu'
import { strings } from '../../../i18n'
import { type Comparison, roundsOf, type StageDiff, stagesOf } from '../../../lib/diff/comparison'
import styles from './Diff.module.css'
import type { Layout } from './review/reviewContext'

type Props = {
  stageDiffs: StageDiff[]
  comparison: Comparison
  base: string
  pipeline: Schemas['Stage'][]
  layout: Layout
  ignoresSpace: boolean
  onShow: (comparison: Comparison) => void
  onLayout: (layout: Layout) => void
  onIgnoreSpace: (ignores: boolean) => void
  children: ReactNode
}

/** What is compared with what, and the layout of the diff. */
export function ComparisonBar(props: Props) {
  const { comparison, layout } = props
  const before = comparison.round - 1
  return (
    <div className={styles.rounds}>
      {props.children}
      <RoundMenu {...props} />
      <span className="dim wide">{strings.diff.against}</span>
      <BaseMenu {...props} />
      {comparison.since === 'base' && before > 0 && (
        <button
          type="button"
          className="btn quiet wide"
          onClick={() => props.onShow({ ...comparison, since: 'round' })}
        >
          {strings.diff.onlyNew(before)}
        </button>
      )}
      <span className="grow wide" />
      {layout !== 'narrow' && (
        // biome-ignore lint/a11y/useSemanticElements: two buttons that form one choice
        <div className="join wide" role="group" aria-label={strings.diff.layout}>
          {(['unified', 'split'] as const).map((one) => (
            <Button key={one} aria-pressed={layout === one} onClick={() => props.onLayout(one)}>
              {one === 'split' ? strings.diff.sideBySide : strings.diff.unified}
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
        {strings.diff.ignoreWhitespace}
      </button>
    </div>
  )
}

function RoundMenu({ stageDiffs, comparison, onShow }: Props) {
  const rounds = roundsOf(stageDiffs)
  const latest = rounds.at(-1)
  const nameOf = (round: number) =>
    round === latest
      ? `${strings.diff.round(round)}${strings.common.separators.clause}${strings.diff.latest}`
      : strings.diff.round(round)
  return (
    <Menu
      button={
        <Button>
          <span className="hidden">{strings.diff.show} </span>
          {strings.diff.round(comparison.round)} <ChevronDown className="i" />
        </Button>
      }
      items={rounds.map((round) => ({
        name: nameOf(round),
        onSelect: () => onShow({ round, since: 'base', stage: null }),
      }))}
    />
  )
}

function BaseMenu({ stageDiffs, comparison, base, pipeline, onShow }: Props) {
  const nameOf = (stage: number) => strings.diff.stageAlone(pipeline[stage]?.name ?? `${stage + 1}`)
  const chosen =
    comparison.since === 'base'
      ? strings.diff.base
      : comparison.since === 'round'
        ? strings.diff.roundBefore(comparison.round - 1)
        : nameOf(comparison.stage ?? 0)
  const before = { name: strings.diff.roundBefore(comparison.round - 1), since: 'round' as const }
  const items = [
    { name: strings.diff.base, since: 'base' as const },
    ...(comparison.round > 1 ? [before] : []),
  ].map(({ name, since }) => ({
    name,
    onSelect: () => onShow({ round: comparison.round, since, stage: null }),
  }))
  const stages = stagesOf(stageDiffs, comparison.round).map(({ stage }) => ({
    name: nameOf(stage),
    onSelect: () => onShow({ round: comparison.round, since: 'stage', stage }),
  }))
  return (
    <Menu
      button={
        <Button>
          <span className="hidden">{strings.diff.compareWith} </span>
          {chosen}
          {comparison.since === 'base' && <span className="dim mono wide">{base.slice(0, 7)}</span>}
          <ChevronDown className="i" />
        </Button>
      }
      items={stages.length > 0 ? [...items, null, ...stages] : items}
    />
  )
}
