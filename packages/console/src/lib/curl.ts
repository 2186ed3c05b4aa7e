/** A call of the API, as it is shown to people. */
export interface ShownRequest {
  /** @default GET */
  method?: string
  /** Below the origin, such as `/v1.3/assets`, or a whole URL that carries its own authority. */
  url: string
  /** Becomes JSON. */
  body?: unknown
  headers?: Record<string, string>
  /** More options of curl, such as `-N`. */
  flags?: string[]
}

/** One word of a POSIX shell, whatever it holds. */
const quote = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/**
 * The curl command of a call. The key is never in it: the shell puts it in from
 * `PARTWAY_API_KEY`. Signed URLs need none, and get none.
 */
export function curlOf(request: ShownRequest, origin: string): string {
  const { method = 'GET', url, body, headers = {}, flags = [] } = request
  const signed = !url.startsWith('/')
  const lines = [
    ['curl', ...flags, ...(method === 'GET' ? [] : ['-X', method])].join(' '),
    quote(signed ? url : origin + url),
    ...(signed ? [] : ['-H "x-api-key: $PARTWAY_API_KEY"']),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body === undefined
      ? []
      : [`-H 'content-type: application/json'`, `-d ${quote(JSON.stringify(body))}`]),
  ]
  const [command, target, ...rest] = lines as [string, string, ...string[]]
  return [`${command} ${target}`, ...rest].join(' \\\n  ')
}
