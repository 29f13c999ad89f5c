export function Logo() {
  return (
    <svg viewBox="0 0 18 18" aria-hidden="true" fill="none" strokeWidth="2" strokeLinecap="round">
      <path d="M2.5 4v10M6.8 4v10M11.1 4v10" stroke="currentColor" />
      <path d="M15.4 4v10" stroke="var(--accent)" />
    </svg>
  )
}
