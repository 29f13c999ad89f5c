import { useNavigate, useSearch } from '@tanstack/react-router'

type Texts = Record<string, string | undefined>

/** Returns the URL's query parameters as strings, and a function that changes them. */
export function useUrlSearch<T extends Texts>(): [T, (changes: Partial<T>) => void] {
  const search: object = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = (changes: Partial<T>) =>
    void navigate({
      to: '.',
      search: ((old: Texts) => ({ ...old, ...changes })) as never,
      replace: true,
    })
  return [search as T, change]
}
