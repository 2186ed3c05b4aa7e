/** The key that a link carries in its fragment, as `#key=…`; `undefined` when there is none. */
export function keyInFragment(fragment: string): string | undefined {
  const key = new URLSearchParams(fragment.replace(/^#/, '')).get('key')
  return key?.trim() || undefined
}

/** Why a text cannot be a key; `undefined` when it can. Headers carry printable ASCII only. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'Enter an API key.'
  if (!/^[\x21-\x7e]+$/.test(key)) {
    return 'A key has letters, digits and signs, without spaces. Copy it once more.'
  }
  return undefined
}
