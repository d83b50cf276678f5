import { render, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { SubmitDialog } from './submit-dialog.tsx'
import icon from './icon.svg'
import { Hosts } from './hosts-page.tsx'
import { List } from './list-page.tsx'
import { ProcessPage } from './process-page.tsx'
import { href, useRoute } from './route.ts'
import { useStore } from './store-view.ts'

function Page(): JSX.Element {
  const { path, query } = useRoute()
  const view = useStore()
  const [submitting, setSubmitting] = useState(false)
  const [page = '', pid] = path
  const { connection, state } = view
  const locked = connection === 'locked'
  const lost = connection === 'lost' || locked
  useEffect(() => {
    document.title =
      page === 'p' && pid !== undefined
        ? `${pid} · stepwright`
        : page === 'hosts'
          ? 'Hosts · stepwright'
          : 'Processes · stepwright'
  }, [page, pid])
  return (
    <>
      <header class="top">
        <a class="brand" href={href('')}>
          <img src={icon} alt="" width="22" height="22" />
          stepwright
        </a>
        <nav aria-label="Pages">
          <a href={href('')} aria-current={page === '' ? 'page' : undefined}>
            Processes
          </a>
          <a href={href('hosts')} aria-current={page === 'hosts' ? 'page' : undefined}>
            Hosts
          </a>
        </nav>
        <span class="store" title={state?.location}>
          <bdi>{state?.location}</bdi>
        </span>
        {state?.actions.includes('submit') && state.definitions.length > 0 && (
          <button type="button" class="primary" onClick={() => setSubmitting(true)}>
            Submit …
          </button>
        )}
        <span class={`connection ${lost ? 'lost' : connection}`} role="status">
          {lost ? 'Not connected' : connection === 'live' ? 'Live' : 'Connecting'}
        </span>
      </header>
      {lost && (
        <p class="banner" role="alert">
          {locked
            ? 'The server has been started again, with another token. Open the address that it printed.'
            : 'The server does not answer. What you see may be out of date; the page reconnects by itself.'}
        </p>
      )}
      {state?.problem !== undefined && (
        <p class="banner" role="alert">
          {state.problem}
        </p>
      )}
      {state && state.corrupt.length > 0 && (
        <details class="banner">
          <summary>
            {state.corrupt.length === 1 ? 'A journal' : `${state.corrupt.length} journals`} cannot be read
          </summary>
          <ul>
            {state.corrupt.map(({ pid: one, message }) => (
              <li key={one}>{message}</li>
            ))}
          </ul>
        </details>
      )}
      {page === 'p' && pid !== undefined ? (
        <ProcessPage key={pid} pid={pid} view={view} query={query} />
      ) : page === 'hosts' ? (
        <Hosts view={view} />
      ) : (
        <List view={view} query={query} />
      )}
      {submitting && state && <SubmitDialog definitions={state.definitions} onClose={() => setSubmitting(false)} />}
    </>
  )
}

// From here on the cookie admits this browser. The token must not stay in the address, from which
// it may be copied or bookmarked.
const address = new URL(location.href)
address.searchParams.delete('token')
history.replaceState(history.state, '', address)

render(<Page />, document.getElementById('page')!)
