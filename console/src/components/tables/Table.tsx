import type { ReactNode } from 'react'
import styles from './Table.module.css'

export type Column<T> = {
  name: string
  cell: (row: T) => ReactNode
  /** As CSS has it; the columns without one share what is left. */
  width?: string
  isNumber?: boolean
  /** Its head is read out, not shown: the acts of a row. */
  isHeaderHidden?: boolean
  /** Left out where the window is narrow, but not on phones, whose rows are as high as they need. */
  isExtra?: boolean
}

/** A table. On phones each row is a short list: the first cell is its title, the others have their
 *  column's name before them. */
export function Table<T>(props: {
  label: string
  columns: Column<T>[]
  rows: T[]
  keyOf: (row: T) => string | number
}) {
  return (
    <div className={`panel ${styles.frame}`}>
      <table className={`table ${styles.table}`} aria-label={props.label}>
        <thead>
          <tr>
            {props.columns.map((column, place) => (
              <th key={place} scope="col" className={cellClasses(column)} style={widthOf(column)}>
                {column.isHeaderHidden ? (
                  <span className="hidden">{column.name}</span>
                ) : (
                  column.name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.keyOf(row)}>
              {props.columns.map((column, place) => (
                <td
                  key={place}
                  className={cellClasses(column)}
                  data-name={column.isHeaderHidden ? undefined : column.name}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function cellClasses<T>({ isNumber, isExtra, isHeaderHidden }: Column<T>): string {
  return [isNumber && 'num', isExtra && styles.extra, isHeaderHidden && styles.acts]
    .filter(Boolean)
    .join(' ')
}

function widthOf<T>({ width }: Column<T>) {
  return width ? { width } : undefined
}
