import { useEffect, useRef, useState } from 'preact/hooks'
import { session, signIn } from '../api/session.ts'
import { AssetDetail } from '../assets/detail.tsx'
import { AssetsView } from '../assets/list.tsx'
import { linkTo } from '../lib/route.ts'
import { ConfirmHost, confirm, withdraw } from '../ui/confirm.tsx'
import { Heading } from '../ui/heading.tsx'
import { Empty } from '../ui/pieces.tsx'
import { Toasts, toast } from '../ui/toasts.tsx'
import { underWay } from '../upload/track.ts'
import { UploadView } from '../upload/view.tsx'
import { UploadDetail } from '../uploads/detail.tsx'
import { UploadsView } from '../uploads/list.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { headingIn, keepFocus } from './focus.ts'
import { givenKey } from './given-key.ts'
import { Header } from './header.tsx'
import { KeyScreen } from './key-screen.tsx'
import { OfflineNote } from './offline-note.tsx'
import { route } from './router.ts'

export function App() {
  const key = givenKey.value
  const [error, setError] = useState<unknown>()
  const current = session.value
  useEffect(() => {
    if (key === undefined) return
    setError(undefined)
    openWith(key)
      .catch(setError)
      .finally(() => {
        if (givenKey.peek() === key) givenKey.value = undefined
      })
  }, [key])
  // Whoever comes next is not told of the one before.
  useEffect(() => {
    setError(undefined)
    withdraw()
  }, [current])
  return (
    <>
      <ErrorBoundary>
        {current ? (
          <Console key={current.key} />
        ) : (
          <KeyScreen checking={key !== undefined} error={error} />
        )}
      </ErrorBoundary>
      <ConfirmHost />
      <Toasts />
    </>
  )
}

/** A key that is not taken, or not wanted after all, leaves the session as it is. */
async function openWith(key: string): Promise<void> {
  const current = session.peek()
  if (current?.key === key) return
  if (!current) return signIn(key)
  if (underWay.peek().length === 0) {
    return signIn(key).catch((error) =>
      toast(`The key of the link was not taken: ${error.message}`),
    )
  }
  confirm({
    title: 'Open the link while files are sent?',
    text: 'Its key is another one. What has arrived stays on the server; with the key of now you can go on later.',
    action: 'Open the link',
    decline: 'Stay',
    run: () => signIn(key),
  })
}

function Console() {
  const { view } = route.value
  const main = useRef<HTMLElement>(null)
  const uploading = view === 'upload'
  // Once it was shown it stays: what is sent goes on while other views are looked at.
  const [visited, setVisited] = useState(uploading)
  if (uploading && !visited) setVisited(true)
  const place = JSON.stringify({ ...route.value, name: '', type: '', page: 0 })
  const first = useRef(place)

  useEffect(() => keepFocus(main.current!), [])
  useEffect(() => {
    // On arrival the focus is where the browser puts it; afterwards it goes along.
    if (first.current === place) return
    first.current = ''
    headingIn(main.current!).focus()
    window.scrollTo(0, 0)
  }, [place])

  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Header />
      <OfflineNote />
      <main ref={main} tabIndex={-1}>
        {visited ? (
          <ErrorBoundary>
            <UploadView shown={uploading} />
          </ErrorBoundary>
        ) : null}
        <ErrorBoundary key={place}>
          <CurrentView />
        </ErrorBoundary>
      </main>
    </>
  )
}

function CurrentView() {
  const current = route.value
  switch (current.view) {
    case 'upload':
      return null
    case 'uploads':
      return <UploadsView page={current.page} />
    case 'upload-detail':
      return <UploadDetail id={current.id} />
    case 'assets':
      return <AssetsView {...current} />
    case 'asset-detail':
      return <AssetDetail id={current.id} />
    default:
      return (
        <section class="view">
          <Heading text="Nothing here" />
          <Empty icon="search" title="This address leads nowhere">
            <p>
              Go to <a href={linkTo({ view: 'upload' })}>Upload</a> or{' '}
              <a href={linkTo({ view: 'assets', page: 1, name: '', type: '' })}>Assets</a>.
            </p>
          </Empty>
        </section>
      )
  }
}
