import { UploadError } from '@partway/client'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { signedOutBecause, signIn } from '../api/session.ts'
import { keyProblem } from '../lib/key.ts'
import { ErrorNote } from '../ui/error-note.tsx'
import { Logo } from './logo.tsx'

/** @param error why the key of the link was not taken */
export function KeyScreen({ checking, error }: { checking: boolean; error: unknown }) {
  const [key, setKey] = useState('')
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  const [problem, setProblem] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const inputId = useId()
  const problemId = useId()
  const waiting = busy || checking

  useEffect(() => {
    document.title = 'Sign in · Partway'
    input.current?.focus()
  }, [])

  async function submit(event: Event) {
    event.preventDefault()
    const typed = key.trim()
    const wrong = keyProblem(typed)
    setProblem(wrong ?? '')
    setFailure(undefined)
    signedOutBecause.value = ''
    if (wrong) return input.current?.focus()
    setBusy(true)
    try {
      await signIn(typed)
    } catch (cause) {
      setFailure(cause)
      setBusy(false)
      input.current?.focus()
    }
  }

  const shown = failure ?? error
  return (
    <main class="key-screen">
      <form class="card key-card" onSubmit={submit}>
        <span class="key-brand">
          <Logo />
          Partway
        </span>
        <h1>Open the console</h1>
        <label for={inputId}>API key</label>
        <input
          ref={input}
          id={inputId}
          class="input mono"
          type="password"
          autoComplete="off"
          spellcheck={false}
          placeholder="pw_…"
          value={key}
          aria-invalid={problem !== ''}
          aria-describedby={problem ? problemId : undefined}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        {problem ? (
          <p class="problem" id={problemId}>
            {problem}
          </p>
        ) : null}
        <button class="button primary wide" type="submit" disabled={waiting}>
          {waiting ? 'Asking the server…' : 'Open'}
        </button>
        {signedOutBecause.value ? <p class="problem">{signedOutBecause.value}</p> : null}
        {shown === undefined || waiting ? null : <KeyError error={shown} />}
        <p class="fine">
          The server printed a key when it was first started. <code>partway keys create</code> makes
          another. It is kept in this tab only, and forgotten when you close it.
        </p>
      </form>
    </main>
  )
}

const KeyError = ({ error }: { error: unknown }) =>
  error instanceof UploadError && error.status === 401 ? (
    <ErrorNote error={error} what="The server does not know this key" />
  ) : (
    <ErrorNote error={error} what="The key could not be checked" />
  )
