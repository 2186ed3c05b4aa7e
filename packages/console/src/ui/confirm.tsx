import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { ErrorNote } from './error-note.tsx'
import { toast } from './toasts.tsx'

export interface Question {
  title: string
  text: string
  /** What the button says that does it. */
  action: string
  /** What the button says that leaves all as it is. @default Keep it */
  decline?: string
  /** The dialog stays, with the error, when it fails. */
  run: () => Promise<unknown>
}

const question = signal<Question | undefined>(undefined)

/** Asks before something that cannot be undone. */
export function confirm(asked: Question): void {
  question.value = asked
}

/** What was asked about is gone. */
export function withdraw(): void {
  question.value = undefined
}

export function ConfirmHost() {
  const asked = question.value
  return asked ? <Confirm key={asked.title} asked={asked} /> : null
}

function Confirm({ asked }: { asked: Question }) {
  const { title, text, action, decline = 'Keep it', run } = asked
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await run()
      // Another may be asked by now.
      if (question.peek() === asked) withdraw()
    } catch (cause) {
      if (question.peek() !== asked) toast((cause as Error).message)
      setError(cause)
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={withdraw}>
      <p>{text}</p>
      {error === undefined ? null : <ErrorNote error={error} />}
      <div class="actions end">
        <button type="button" class="button" onClick={withdraw}>
          {decline}
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={go}>
          {action}
        </button>
      </div>
    </Dialog>
  )
}
