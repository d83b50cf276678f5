import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface DialogProps {
  readonly title: string
  readonly confirm: string
  readonly danger?: boolean
  readonly onClose: () => void
  /** Throws an Error with the reason if it could not be done. */
  readonly onConfirm: (form: FormData) => Promise<void>
  readonly children: ComponentChildren
}

/** Asks for confirmation. It stays open if the action fails. */
export function Dialog({ title, confirm, danger = false, onClose, onConfirm, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await onConfirm(new FormData(event.currentTarget as HTMLFormElement))
      onClose()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="dialog-title">
      <form onSubmit={event => void submit(event)}>
        <h2 id="dialog-title">{title}</h2>
        {children}
        {problem !== '' && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" onClick={() => dialog.current?.close()}>
            Not now
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy}>
            {confirm}
          </button>
        </footer>
      </form>
    </dialog>
  )
}
