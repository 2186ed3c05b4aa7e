import { signal } from '@preact/signals'

interface Toast {
  id: number
  text: string
}

/** How long it stays, in milliseconds. */
const STAY_MS = 6000

const toasts = signal<Toast[]>([])
/** Modal dialogs that are open: what is outside of them is covered and says nothing. */
export const modals = signal(0)
let lastId = 0

/** Says something in passing, also to screen readers, without taking the focus. */
export function toast(text: string): void {
  const id = ++lastId
  // The same words twice are one thing.
  toasts.value = [...toasts.value.filter((each) => each.text !== text), { id, text }].slice(-4)
  setTimeout(() => {
    toasts.value = toasts.value.filter((each) => each.id !== id)
  }, STAY_MS)
}

/** Said once: in the dialog while there is one, and else, or afterwards, on the page. */
export const Toasts = ({ inDialog = false }: { inDialog?: boolean }) => (
  <div class="toasts" role="status" aria-live="polite">
    {(inDialog || modals.value === 0 ? toasts.value : []).map(({ id, text }) => (
      <p class="toast" key={id}>
        {text}
      </p>
    ))}
  </div>
)
