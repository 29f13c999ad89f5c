import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { useMe } from '../../queries/me'
import { NotFoundPage } from '../errors/NotFoundPage'
import styles from './admin.module.css'
import { sections } from './sections'

/** A page of the administration. Other developers get a 404 page, and it requests nothing. */
export function AdminLayout(props: { title: string; aside?: ReactNode; children: ReactNode }) {
  const me = useMe()
  if (me === undefined) return null
  if (me.role !== 'admin') return <NotFoundPage />
  return (
    <Page title={props.title} aside={<div className={styles.aside}>{props.aside}</div>}>
      <nav
        ref={scrollToCurrent}
        className={`tabs ${styles.sections}`}
        aria-label={strings.admin.sections}
      >
        {sections().map(({ to, name }) => (
          <Link key={to} to={to}>
            {name}
          </Link>
        ))}
      </nav>
      {props.children}
    </Page>
  )
}

/** Scrolls the current section into view: on phones, the sections are wider than the window. */
function scrollToCurrent(nav: HTMLElement | null): void {
  const current = nav?.querySelector('[aria-current]')
  current?.scrollIntoView({ inline: 'center', block: 'nearest' })
}
