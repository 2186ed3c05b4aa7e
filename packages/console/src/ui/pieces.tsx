import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

/** What to do next, where there is nothing yet. */
export const Empty = (props: { icon: IconName; title: string; children: ComponentChildren }) => (
  <div class="empty">
    <span class="empty-icon">
      <Icon name={props.icon} />
    </span>
    <h2>{props.title}</h2>
    <div class="empty-text">{props.children}</div>
  </div>
)

/** Rows in the shape of what is being loaded. */
export const Skeleton = ({ rows = 4, label }: { rows?: number; label: string }) => (
  <div class="skeleton" role="status" aria-label={label}>
    {Array.from({ length: rows }, (_, i) => (
      <div key={i} class="skeleton-row" />
    ))}
  </div>
)

const TONES: Record<string, string> = {
  ready: 'good',
  completed: 'good',
  active: 'busy',
  processing: 'busy',
  pending: 'busy',
  failed: 'bad',
  expired: 'bad',
  error: 'bad',
}

export const Badge = ({ status, children }: { status: string; children?: ComponentChildren }) => (
  <span class={`badge ${TONES[status] ?? ''}`}>{children ?? status}</span>
)

/** `value` of `max`, for people who see it and for those who do not. */
export const Bar = (props: { value: number; max: number; label: string }) => (
  <progress class="bar" value={props.value} max={Math.max(1, props.max)} aria-label={props.label} />
)

export interface PagerProps {
  page: number
  pages: number
  linkOf: (page: number) => string
}

export function Pager({ page, pages, linkOf }: PagerProps) {
  if (pages <= 1 && page <= 1) return null
  const link = (to: number, text: string) =>
    to >= 1 && to <= Math.max(pages, page) ? (
      <a class="button small" href={linkOf(to)}>
        {text}
      </a>
    ) : (
      <span class="button small off" aria-disabled="true">
        {text}
      </span>
    )
  return (
    <nav class="pager" aria-label="Pages">
      {link(page - 1, 'Previous')}
      <span>
        Page {page} of {Math.max(1, pages)}
      </span>
      {link(page >= pages ? Number.POSITIVE_INFINITY : page + 1, 'Next')}
    </nav>
  )
}

/** Name and value pairs; what is not known is left out. */
export const Facts = ({ facts }: { facts: [name: string, value: ComponentChildren][] }) => (
  <dl class="facts">
    {facts
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)
