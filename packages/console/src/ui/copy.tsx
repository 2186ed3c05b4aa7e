import { Icon } from './icon.tsx'
import { toast } from './toasts.tsx'

/** Where there is no clipboard (plain http from another machine), the text is selected instead. */
async function copy(text: string, button: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast('Copied.')
  } catch {
    const shown = button.closest('[data-copied]')?.querySelector('pre, code')
    if (shown) getSelection()?.selectAllChildren(shown)
    toast('This page may not use the clipboard. The text is selected: copy it with the keyboard.')
  }
}

export const CopyButton = ({ text, label = 'Copy' }: { text: string; label?: string }) => (
  <button type="button" class="button small" onClick={(e) => copy(text, e.currentTarget)}>
    <Icon name="copy" />
    {label}
  </button>
)

/** A text on one line, with a button that copies it. */
export const Copyable = ({ text, name }: { text: string; name: string }) => (
  <span class="copyable" data-copied>
    <code>{text}</code>
    <button
      type="button"
      class="button plain square small"
      aria-label={`Copy ${name}`}
      onClick={(e) => copy(text, e.currentTarget)}
    >
      <Icon name="copy" />
    </button>
  </span>
)
