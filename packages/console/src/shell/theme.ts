import { computed, effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'

const STORED = 'partway-theme'
const THEMES: readonly Theme[] = ['auto', 'light', 'dark']

const system = window.matchMedia('(prefers-color-scheme: dark)')
const systemDark = signal(system.matches)
system.addEventListener('change', ({ matches }) => {
  systemDark.value = matches
})

export const theme = signal<Theme>(stored())
export const isDark = computed(() =>
  theme.value === 'auto' ? systemDark.value : theme.value === 'dark',
)

effect(() => {
  document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light'
})

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!
  try {
    localStorage.setItem(STORED, theme.value)
  } catch {
    // Until the page is left, then.
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(STORED) as Theme | null
    return value && THEMES.includes(value) ? value : 'auto'
  } catch {
    return 'auto'
  }
}
