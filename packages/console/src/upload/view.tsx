import { useEffect, useRef, useState } from 'preact/hooks'
import { useSession } from '../api/use.ts'
import { ErrorNote } from '../ui/error-note.tsx'
import { Heading } from '../ui/heading.tsx'
import { Skeleton } from '../ui/pieces.tsx'
import { RequestButton } from '../ui/request.tsx'
import { askToCancel } from './cancel.ts'
import { OptionsCard } from './options.tsx'
import { uploadRequests } from './requests.ts'
import { SendingList } from './sending-list.tsx'
import { UnfinishedList } from './unfinished-list.tsx'
import { form, startEngine, stopEngine, wishesOf } from './uploader.ts'

/** Stays while other views are shown: what is sent goes on. */
export function UploadView({ shown }: { shown: boolean }) {
  const { client } = useSession()
  const target = useRef<HTMLDivElement>(null)
  const [state, setState] = useState<'loading' | 'ready' | { error: unknown }>('loading')
  const load = () => {
    setState('loading')
    startEngine(target.current!, (row) => askToCancel(client, row)).then(
      () => setState('ready'),
      (error) => setState({ error }),
    )
  }
  useEffect(() => {
    load()
    return stopEngine
  }, [])
  return (
    <section class="view" hidden={!shown}>
      <header class="view-head">
        <div>
          <Heading text="Upload" shown={shown} />
          <p class="lead">
            Drop files of any size. Close the laptop, lose the network, reload: it goes on where it
            stopped.
          </p>
        </div>
        <RequestButton requests={uploadRequests(wishesOf(form.value))} />
      </header>
      {window.isSecureContext ? null : (
        <p class="note">
          This page came over plain http, where browsers give less: no checksums of what is sent, no
          notice that another tab has a file, no file given back after a reload. Use https.
        </p>
      )}
      <UnfinishedList />
      <div class="upload-columns">
        <div class="upload-main">
          {state === 'loading' ? <Skeleton rows={6} label="Loading the uploader" /> : null}
          {typeof state === 'object' ? (
            <ErrorNote error={state.error} what="The uploader could not be loaded" onRetry={load} />
          ) : null}
          <div ref={target} class="uppy-place" hidden={state !== 'ready'} />
          <SendingList />
        </div>
        <OptionsCard />
      </div>
    </section>
  )
}
