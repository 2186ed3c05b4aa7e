import type { FileEvent } from './events.ts'

/** How a person or a program is told. */
export interface View {
  show(event: FileEvent): void
  /** For people, on standard error. */
  note(text: string): void
  /** For people, on standard output. */
  say(text: string): void
  /** Leaves the terminal as it was found. */
  close(): void
}
