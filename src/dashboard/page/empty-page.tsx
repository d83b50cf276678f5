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

/** Says what to do where there is nothing to see. */
export function Empty({ state }: { readonly state: StoreState }): JSX.Element {
  return (
    <main class="empty">
      <h1>{state.missing ? 'There is no store here yet' : 'No processes yet'}</h1>
      <p>
        {state.missing ? 'A store is made when the first program opens it:' : 'The store is empty:'} <code>{state.location}</code>
      </p>
      <p>Run a program such as this one in the folder above it. Its processes appear here by themselves.</p>
      <pre tabIndex={0} role="region" aria-label="An example program">
        <code>{PROGRAM}</code>
      </pre>
      <p class="dim">
        Another store? <code>stepwright --store DIR dashboard</code>
      </p>
    </main>
  )
}
