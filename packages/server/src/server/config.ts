import { join } from 'node:path'
import { SETTINGS, type Setting } from './settings.ts'

type Settings = typeof SETTINGS
type Name = keyof Settings
type Value<N extends Name> = ReturnType<Settings[N]['parse']>
type Optional = 'apiKey' | 'signingKeys' | 'publicUrl'

/** All settings, parsed; what is not set and has no default is `undefined`. */
export type Config = Readonly<
  { [N in Exclude<Name, Optional>]: Value<N> } & { [N in Optional]: Value<N> | undefined }
> & {
  /** `PATH`: where ffmpeg and ffprobe are looked for. */
  readonly toolPath: string
}

/** Names a person may also set, but that only the command line's client side reads. */
const CLIENT_VARIABLES = ['PARTWAY_SERVER']

/** Thrown with every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`Wrong settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Reads all settings: `options` (from the command line) win over `env`.
 *
 * @throws ConfigError naming every wrong and every unknown setting
 */
export function readConfig(
  env: Record<string, string | undefined>,
  options: Partial<Record<Name, string | undefined>> = {},
): Config {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  const settings: [string, Setting<unknown>][] = Object.entries(SETTINGS)
  for (const [name, { variable, option, default: fallback, secret, parse }] of settings) {
    const given = options[name as Name]
    const text = given ?? env[variable] ?? fallback
    if (text === undefined) continue
    const label = given === undefined ? variable : (option?.split(' ')[0] ?? variable)
    try {
      values[name] = parse(text)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const received = secret ? '' : `; received ${JSON.stringify(withoutPassword(text))}`
      problems.push(`${label} must be ${error.message}${received}.`)
    }
  }
  const known = new Set([...Object.values(SETTINGS).map((s) => s.variable), ...CLIENT_VARIABLES])
  for (const variable of Object.keys(env)) {
    if (variable.startsWith('PARTWAY_') && !known.has(variable)) {
      problems.push(`${variable} is not a setting. See docs/configuration.md.`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const config = values as Omit<Config, 'database' | 'store' | 'toolPath'> &
    Partial<Pick<Config, 'database' | 'store'>>
  const database = { kind: 'sqlite', path: join(config.data, 'partway.db') } as const
  const store = { kind: 'file', path: join(config.data, 'store') } as const
  return Object.freeze({
    ...config,
    database: config.database ?? database,
    store: config.store ?? store,
    toolPath: env.PATH ?? '',
  })
}

/** URLs may carry a password. */
const withoutPassword = (text: string) => text.replace(/(\/\/|%2F%2F).*(@|%40)/i, '//***@')
