import { type ReactNode, useEffect } from 'react'

/** A page with its only `h1`, its title, and what is next to the heading. */
export function Page(props: { title: string; aside?: ReactNode; children: ReactNode }) {
  useTitle(props.title)
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="page-head">
        <h1>{props.title}</h1>
        {props.aside}
      </div>
      {props.children}
    </main>
  )
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Muster`
  }, [title])
}
