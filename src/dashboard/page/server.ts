import { useEffect, useRef, useState } from 'preact/hooks'

/** `locked`: the server requires another token. */
export type Connection = 'connecting' | 'live' | 'lost' | 'locked'

/**
 * Follows a stream of server-sent events. Browsers reconnect after a break, and the server then
 * sends the current state.
 */
export function useStream<Events extends object>(
  url: string,
  handlers: { readonly [Name in keyof Events]: (data: Events[Name]) => void },
): Connection {
  const [connection, setConnection] = useState<Connection>('connecting')
  const latest = useRef(handlers)
  latest.current = handlers
  useEffect(() => {
    setConnection('connecting')
    let retry: ReturnType<typeof setTimeout> | undefined
    let source: EventSource | undefined
    const open = (): void => {
      source = new EventSource(url)
      source.addEventListener('open', () => setConnection('live'))
      source.addEventListener('error', () => {
        setConnection(before => (before === 'locked' ? before : 'lost'))
        // The server has refused the stream: browsers then do not reconnect.
        if (source?.readyState !== EventSource.CLOSED) return
        void isLocked(url).then(locked => setConnection(locked ? 'locked' : 'lost'))
        retry = setTimeout(open, 2000)
      })
      for (const name of Object.keys(latest.current) as (keyof Events & string)[])
        source.addEventListener(name, event =>
          latest.current[name](JSON.parse((event as MessageEvent<string>).data) as Events[typeof name]),
        )
    }
    open()
    return () => {
      clearTimeout(retry)
      source?.close()
    }
  }, [url])
  return connection
}

/** Asks whether a stream was refused for its token, since an EventSource does not tell. */
const isLocked = async (url: string): Promise<boolean> =>
  (await fetch(url, { method: 'HEAD' }).catch(() => undefined))?.status === 401

/** Fetches JSON once per `url`. */
export function useFetched<T>(url: string | undefined): { readonly value?: T; readonly problem?: string } {
  const [state, setState] = useState<{ readonly url?: string; readonly value?: T; readonly problem?: string }>({})
  useEffect(() => {
    if (url === undefined) return undefined
    const controller = new AbortController()
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(url, { signal: controller.signal })
        const value = (await response.json()) as T & { readonly message?: string }
        setState(response.ok ? { url, value } : { url, problem: value.message ?? response.statusText })
      } catch (error) {
        if (!controller.signal.aborted) setState({ url, problem: String(error) })
      }
    }
    void ask()
    return () => controller.abort()
  }, [url])
  return state
}

/** Requests an action. Throws an Error with the message of the server. */
export async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (!response.ok)
    throw new Error(
      typeof answer['message'] === 'string' ? answer['message'] : `${response.status} ${response.statusText}`,
    )
  return answer
}
