import { globSync } from 'node:fs'

const library = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0]

/** Why programs cannot be given a wrong clock here, or `undefined`. */
export const faketimeMissing = library ? undefined : 'libfaketime is not installed'

/** Without it its tests are skipped by name, but not in CI: there they fail. */
export const skipsFaketime = faketimeMissing !== undefined && !process.env.CI

/** The environment of a program whose clock is off, such as by `-10m`. */
export function clockOff(by: string): Record<string, string> {
  if (!library) throw new Error(faketimeMissing)
  // What measures how long things take stays right.
  return { LD_PRELOAD: library, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}
