import type { JSX } from 'preact'
import { Dialog } from './dialog.tsx'
import { jsonIn, textIn } from './form-values.ts'
import { processHref } from './route.ts'
import { post } from './server.ts'

/** A form for a new process, which a worker takes. */
export function SubmitDialog({
  definitions,
  onClose,
}: {
  readonly definitions: readonly string[]
  readonly onClose: () => void
}): JSX.Element {
  return (
    <Dialog
      title="Submit a process"
      confirm="Submit"
      onClose={onClose}
      onConfirm={async form => {
        const input = jsonIn(form, 'input')
        const key = textIn(form, 'key')
        const { pid } = await post('api/processes', {
          name: textIn(form, 'name'),
          ...(input !== undefined && { input }),
          ...(key !== '' && { key }),
        })
        if (typeof pid === 'string') location.hash = processHref(pid)
      }}
    >
      <p>It stays pending until a worker takes it.</p>
      <label>
        Definition{' '}
        <select name="name">
          {definitions.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        Input, as JSON <textarea name="input" rows={6} autoFocus />
      </label>
      <label>
        Key <input name="key" placeholder="optional: the same key means the same process" />
      </label>
    </Dialog>
  )
}
