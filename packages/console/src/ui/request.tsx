import { useState } from 'preact/hooks'
import { curlOf, type ShownRequest } from '../lib/curl.ts'
import { CopyButton } from './copy.tsx'
import { Dialog } from './dialog.tsx'
import { Icon } from './icon.tsx'

export interface NamedRequest extends ShownRequest {
  /** What it does, such as `List the assets`. */
  title: string
}

/** Shows what the page asks the server, for people who want to ask it themselves. */
export function RequestButton({ requests }: { requests: NamedRequest[] }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="button plain small" onClick={() => setOpen(true)}>
        <Icon name="code" />
        Show the request
      </button>
      {open ? (
        <Dialog
          title={requests.length > 1 ? 'The requests' : 'The request'}
          onClose={() => setOpen(false)}
        >
          {requests.map((request) => (
            <Curl key={request.title} {...request} />
          ))}
          <p class="fine">
            <code>PARTWAY_API_KEY</code> stands for your key, which is not shown. All fields:{' '}
            <a href="/docs">API reference</a>.
          </p>
        </Dialog>
      ) : null}
    </>
  )
}

function Curl({ title, ...request }: NamedRequest) {
  const command = curlOf(request, location.origin)
  return (
    <section class="curl" data-copied>
      <header>
        <h3>{title}</h3>
        <CopyButton text={command} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by the keyboard */}
      <pre tabIndex={0}>{command}</pre>
    </section>
  )
}
