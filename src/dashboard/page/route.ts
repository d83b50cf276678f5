import { useEffect, useState } from 'preact/hooks'

/** The part of the address after `#`, which works wherever an app serves the page. */
export interface Route {
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

function current(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2)
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(current)
  useEffect(() => {
    const changed = (): void => setRoute(current())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return route
}

export const href = (path: string, query: URLSearchParams = new URLSearchParams()): string =>
  `#/${path}${query.size > 0 ? `?${query}` : ''}`

/** Changes the query without adding to the history of the browser. */
export function replaceQuery(path: string, query: URLSearchParams): void {
  history.replaceState(null, '', href(path, query))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

export const processHref = (pid: string): string => href(`p/${encodeURIComponent(pid)}`)
