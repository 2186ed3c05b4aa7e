import { UploadError } from '@partway/client'
import { Icon } from './icon.tsx'

export interface ErrorNoteProps {
  error: unknown
  /** What was tried, such as `The uploads could not be loaded`. */
  what?: string
  onRetry?: () => void
}

/** What went wrong, in the server's words, with what leads to its log. */
export function ErrorNote({ error, what, onRetry }: ErrorNoteProps) {
  const { message } = error instanceof Error ? error : new Error(String(error))
  const known = error instanceof UploadError ? error : undefined
  return (
    <div class="error-note" role="alert">
      <Icon name="alert" />
      <div>
        {what ? <strong>{what}.</strong> : null} {message}
        {known ? (
          <p class="fine">
            <code>{known.code}</code>
            {known.status > 0 ? ` · HTTP ${known.status}` : ''}
            {known.requestId ? (
              <>
                {' · request '}
                <code>{known.requestId}</code>
              </>
            ) : null}
          </p>
        ) : null}
      </div>
      {onRetry ? (
        <button type="button" class="button small" onClick={onRetry}>
          Try again
        </button>
      ) : null}
    </div>
  )
}
