import type { JSX } from 'preact'
import type { HostRow } from '../protocol.ts'
import { count, fullTime, when, duration } from './format.ts'
import { useNow } from './use-now.ts'
import { href } from './route.ts'
import type { StoreView } from './store-view.ts'

const LIVE: ReadonlySet<string> = new Set(['pending', 'running', 'sleeping', 'interrupted', 'undoing'])

export function Hosts({ view: { hosts, rows } }: { readonly view: StoreView }): JSX.Element {
  const now = useNow(1000)
  const running = Map.groupBy(
    rows.filter(row => row.host !== undefined && LIVE.has(row.status)),
    row => row.host!,
  )
  const homeless = rows.filter(row => row.host === undefined && LIVE.has(row.status)).length
  return (
    <main class="hosts-page">
      <h1>Hosts</h1>
      {hosts.length === 0 && (
        <p class="dim">
          No host has this store open. The next host that knows their definitions continues the processes that wait.
        </p>
      )}
      {homeless > 0 && (
        <p class="note">
          {count(homeless)} {homeless === 1 ? 'process waits' : 'processes wait'} for a host.
        </p>
      )}
      <ul class="hosts">
        {hosts.map(host => (
          <HostView key={host.id} host={host} now={now} rows={running.get(host.id) ?? []} />
        ))}
      </ul>
    </main>
  )
}

function HostView({
  host,
  now,
  rows,
}: {
  readonly host: HostRow
  readonly now: number
  readonly rows: StoreView['rows']
}): JSX.Element {
  const byName = [...Map.groupBy(rows, row => row.name)].toSorted(([, a], [, b]) => b.length - a.length)
  return (
    <li class="panel host">
      <header>
        <h2>
          <code>{host.id}</code>
        </h2>
        <span class={`host-state ${host.state}`}>{host.state}</span>
      </header>
      <dl>
        <dt>Program</dt>
        <dd>
          process {host.osPid} on {host.hostname || 'an unknown machine'}
        </dd>
        {host.startedAt > 0 && (
          <>
            <dt>Since</dt>
            <dd>
              <time title={fullTime(host.startedAt)}>{when(host.startedAt, now)}</time>, for{' '}
              {duration(now - host.startedAt)}
            </dd>
          </>
        )}
        <dt>Runs</dt>
        <dd>
          {byName.length === 0 ? (
            <span class="dim">nothing now</span>
          ) : (
            <ul class="runs">
              {byName.map(([name, some]) => (
                <li key={name}>
                  <a href={href('', new URLSearchParams({ name, q: host.id }))}>{name}</a> {count(some.length)}
                </li>
              ))}
            </ul>
          )}
        </dd>
      </dl>
    </li>
  )
}
