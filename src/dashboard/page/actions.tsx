import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Action, LiveInfo } from '../model.ts'
import { post } from './live.ts'
import { Dialog } from './parts.tsx'
import { href, processHref } from './route.ts'

interface Props {
  readonly info: LiveInfo
  readonly actions: readonly Action[]
}

const pathOf = (pid: string, action: Action): string => `api/processes/${encodeURIComponent(pid)}/${action}`
function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** JSON as it was typed. Throws an Error that says what is wrong with it. */
function jsonIn(form: FormData, name: string): unknown {
  const text = textIn(form, name)
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** What may be done with a process as it is now. */
export function Actions({ info, actions }: Props): JSX.Element {
  const [open, setOpen] = useState<Action>()
  const [kept, setKept] = useState(false)
  const { pid, name, endedAt, status, steps } = info
  const ended = endedAt !== undefined
  // No fork begins in a branch.
  const begun = steps.filter(step => step.startedAt !== undefined && !step.name.includes('.'))
  const possible: Readonly<Partial<Record<Action, boolean>>> = {
    proceed: status === 'interrupted',
    cancel: !ended,
    fork: begun.length > 0,
    delete: ended,
  }
  const titles: Readonly<Partial<Record<Action, string>>> = { proceed: 'Proceed …', cancel: 'Cancel …', fork: 'Fork …', delete: 'Delete …' }
  const close = (): void => setOpen(undefined)
  const ask = async (action: Action, body: object): Promise<Record<string, unknown>> => {
    const told = await post(pathOf(pid, action), body)
    setKept(told['state'] === 'kept')
    return told
  }
  return (
    <div class="actions">
      {actions
        .filter(action => possible[action])
        .map(action => (
          <button key={action} type="button" class={action === 'proceed' ? 'primary' : ''} onClick={() => setOpen(action)}>
            {titles[action]}
          </button>
        ))}
      {kept && !ended && (
        <p class="note" role="status">
          No host that is alive has this process. It is done as soon as one takes it up.
        </p>
      )}
      {open === 'cancel' && (
        <Dialog
          title={`Cancel ${name}?`}
          confirm="Cancel the process"
          danger
          onClose={close}
          onConfirm={async form => void (await ask('cancel', { reason: textIn(form, 'reason') }))}
        >
          <p>Its step under way is told to stop, and the process ends as cancelled.</p>
          <label>
            Reason <input name="reason" placeholder="optional" autoFocus />
          </label>
        </Dialog>
      )}
      {open === 'proceed' && (
        <Dialog
          title={`Let ${name} proceed?`}
          confirm="Proceed"
          onClose={close}
          onConfirm={async form => {
            const data = jsonIn(form, 'data')
            await ask('proceed', data === undefined ? {} : { data })
          }}
        >
          <p>Fields of an object are added to what the step came to; any other value takes its place; nothing leaves it as it is.</p>
          <label>
            Data, as JSON <textarea name="data" rows={5} placeholder={'{ "approved": true }'} autoFocus />
          </label>
        </Dialog>
      )}
      {open === 'fork' && (
        <Dialog
          title={`Fork ${name}?`}
          confirm="Fork"
          onClose={close}
          onConfirm={async form => {
            const { pid: forked } = await ask('fork', { from: textIn(form, 'from') })
            if (typeof forked === 'string') location.hash = processHref(forked)
          }}
        >
          <p>A new process begins from the record in which the step began. This one stays as it is.</p>
          <label>
            From step{' '}
            <select name="from">
              {begun.map(step => (
                <option key={step.name} selected={step.status === 'error'}>
                  {step.name}
                </option>
              ))}
            </select>
          </label>
        </Dialog>
      )}
      {open === 'delete' && (
        <Dialog
          title={`Delete ${name}?`}
          confirm="Delete"
          danger
          onClose={close}
          onConfirm={async () => {
            await ask('delete', {})
            location.hash = href('')
          }}
        >
          <p>Its journal is removed: input, output, records and logs. This cannot be undone.</p>
        </Dialog>
      )}
    </div>
  )
}

/** Asks for a new process, which a worker takes up. */
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
      <p>It stays pending until a host that works for others takes it.</p>
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
        Key <input name="key" placeholder="optional: the same key is the same process" />
      </label>
    </Dialog>
  )
}
