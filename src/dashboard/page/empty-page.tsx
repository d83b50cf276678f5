import type { JSX } from 'preact'
import type { StoreState } from '../protocol.ts'

const PROGRAM = `import { createRuntime, defineProcess } from 'stepwright'

const hello = defineProcess({ name: 'hello' })
  .step('greet', () => ({ text: 'Hello' }))
  .sleep('breathe', '5s')
  .step('shout', ({ data }) => data.text.toUpperCase())

const runtime = await createRuntime({ processes: [hello] })
await runtime.start(hello)
`

/** What to do while the store is empty. */
export function Empty({ state }: { readonly state: StoreState }): JSX.Element {
  return (
    <main class="empty">
      <h1>{state.missing ? 'There is no store here yet' : 'No processes yet'}</h1>
      <p>
        {state.missing ? 'The first program that opens it creates it:' : 'The store is empty:'}{' '}
        <code>{state.location}</code>
      </p>
      <p>Run a program like this one in the parent folder, and its processes appear here.</p>
      <pre tabIndex={0} role="region" aria-label="An example program">
        <code>{PROGRAM}</code>
      </pre>
      <p class="dim">
        Another store? <code>stepwright --store DIR dashboard</code>
      </p>
    </main>
  )
}
