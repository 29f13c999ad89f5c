import { Checkbox } from '../../components/forms/Checkbox'
import { strings } from '../../i18n'
import { useColleagues, useMembers } from '../../queries/projects'
import styles from './projects.module.css'

/** Chooses active members of a project. Others who were chosen before stay until unchecked. */
export function PeoplePicker(props: {
  projectKey: string
  chosen: number[]
  onChange: (developerIds: number[]) => void
}) {
  const { projectKey, chosen, onChange } = props
  const members =
    useMembers(projectKey).data?.filter(
      ({ developerId, disabled }) => !disabled || chosen.includes(developerId),
    ) ?? []
  const colleagues = useColleagues() ?? []
  const memberIds = new Set(members.map(({ developerId }) => developerId))
  const others = chosen.filter((id) => !memberIds.has(id))
  const nameOf = (id: number) => colleagues.find((one) => one.id === id)?.name ?? `#${id}`
  const people = [
    ...members.map(({ developerId: id, name }) => ({ id, name })),
    ...others.map((id) => ({ id, name: strings.answerers.notMember(nameOf(id)) })),
  ]
  const toggle = (id: number, isChosen: boolean) =>
    onChange([...chosen.filter((one) => one !== id), ...(isChosen ? [id] : [])])
  return (
    <fieldset className={styles.people}>
      <legend className="label">{strings.answerers.people}</legend>
      {people.map(({ id, name }) => (
        <Checkbox
          key={id}
          label={name}
          checked={chosen.includes(id)}
          onChange={({ target }) => toggle(id, target.checked)}
        />
      ))}
    </fieldset>
  )
}
