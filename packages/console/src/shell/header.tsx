import { session, signOut } from '../api/session.ts'
import { percentOf, plural } from '../lib/format.ts'
import { linkTo, type Route } from '../lib/route.ts'
import { confirm } from '../ui/confirm.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { underWay } from '../upload/track.ts'
import { Logo } from './logo.tsx'
import { route } from './router.ts'
import { nextTheme, theme } from './theme.ts'

const LINKS: { route: Route; views: Route['view'][]; icon: IconName; text: string }[] = [
  { route: { view: 'upload' }, views: ['upload'], icon: 'upload', text: 'Upload' },
  {
    route: { view: 'uploads', page: 1 },
    views: ['uploads', 'upload-detail'],
    icon: 'grid',
    text: 'Uploads',
  },
  {
    route: { view: 'assets', page: 1, name: '', type: '' },
    views: ['assets', 'asset-detail'],
    icon: 'film',
    text: 'Assets',
  },
]

export function Header() {
  const { view } = route.value
  return (
    <header class="top">
      <div class="top-inner">
        <a class="brand" href={linkTo({ view: 'upload' })}>
          <Logo />
          Partway
        </a>
        <nav class="top-nav" aria-label="Main">
          {LINKS.map(({ route: to, views, icon, text }) => (
            <a
              key={text}
              href={linkTo(to)}
              aria-current={views.includes(view) ? 'page' : undefined}
            >
              <Icon name={icon} />
              {text}
            </a>
          ))}
        </nav>
        <div class="top-end">
          {view === 'upload' ? null : <SendingPill />}
          <LiveDot />
          <a
            class="button plain square"
            href="/docs"
            aria-label="API reference"
            title="API reference"
          >
            <Icon name="book" />
          </a>
          <ThemeButton />
          <button
            type="button"
            class="button plain square"
            aria-label="Sign out"
            title="Sign out"
            onClick={leave}
          >
            <Icon name="leave" />
          </button>
        </div>
      </div>
    </header>
  )
}

function leave(): void {
  if (underWay.value.length === 0) {
    signOut()
    return
  }
  confirm({
    title: 'Sign out while files are sent?',
    text: 'What has arrived stays on the server. You can go on later, with the same files.',
    action: 'Sign out',
    decline: 'Stay',
    run: async () => signOut(),
  })
}

const ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const

const ThemeButton = () => (
  <button
    type="button"
    class="button plain square"
    aria-label={`Theme: ${theme.value}`}
    title={`Theme: ${theme.value}`}
    onClick={nextTheme}
  >
    <Icon name={ICONS[theme.value]} />
  </button>
)

const LIVE = {
  live: 'Live: the server tells what changes',
  polling: 'Asking the server every few seconds',
  paused: 'Not looking for changes',
}

function LiveDot() {
  const state = session.value?.live.state.value ?? 'paused'
  return (
    <span class={`live is-${state}`} role="img" aria-label={LIVE[state]} title={LIVE[state]}>
      <span class="live-dot" />
    </span>
  )
}

/** What is sent, while another view is looked at. */
function SendingPill() {
  const files = underWay.value
  if (files.length === 0) return null
  const sum = (of: 'sent' | 'total') =>
    files.reduce((before, { progress }) => before + progress[of], 0)
  return (
    <a class="pill" href={linkTo({ view: 'upload' })}>
      {plural(files.length, 'file')} · {percentOf(sum('sent'), sum('total'))}%
    </a>
  )
}
