import type { ReactNode } from 'react'
import styles from './Table.module.css'

export type Column<T> = {
  name: string
  cell: (row: T) => ReactNode
  /** A CSS width; columns without one share the remaining space. */
  width?: string
  isNumber?: boolean
  /** Hides the header visually, but not for screen readers: for a row's actions. */
  isHeaderHidden?: boolean
  /** Hidden in narrow windows, except on phones, where rows are as high as they need to be. */
  isExtra?: boolean
}

/** A table. On phones each row is a short list: the first cell is its title, and each other cell is
 *  labeled with its column's name. */
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
