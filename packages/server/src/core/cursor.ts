/**
 * Where a stream of events stands, as text that clients keep and do not look into: a time, since
 * that is all that servers over one database have in common.
 */
export const cursorOf = (at: number): string => `c${at.toString(36)}`

/** The time, or `undefined` for what is no cursor of ours. */
export function timeOfCursor(text: string): number | undefined {
  const [, digits] = /^c([0-9a-z]{1,10})$/.exec(text) ?? []
  return digits === undefined ? undefined : Number.parseInt(digits, 36)
}
