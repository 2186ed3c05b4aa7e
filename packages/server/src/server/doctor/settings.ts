import { existsSync } from 'node:fs'
import type { Finding } from '../../adapters/finding.ts'
import { type Config, ConfigError } from '../config.ts'
import { checkSharedKeys, readSigningKey, signingKeyPath } from '../signing-key.ts'

export const SETTINGS_CHECK = 'settings'

export function problemFinding(problem: string): Finding {
  const [name] = /^(PARTWAY_\w+|--[\w-]+)/.exec(problem) ?? []
  const unknown = problem.includes('is not a setting')
  const remedy = unknown ? `unset ${name}` : `${name}=…      # see docs/configuration.md`
  return { check: SETTINGS_CHECK, outcome: 'failed', found: problem, remedy }
}

/** Makes no key. */
export async function signingKeyFinding(config: Config): Promise<Finding> {
  const check = 'signing keys'
  const { signingKeys, data } = config
  if (signingKeys) {
    const more = signingKeys.length > 1 ? `${signingKeys.length} are set; the first signs` : 'set'
    return { check, outcome: 'ok', found: more }
  }
  try {
    checkSharedKeys(config)
  } catch (error) {
    const remedy =
      'export PARTWAY_SIGNING_KEYS="$(openssl rand -hex 32)"      # the same on every server'
    return { check, outcome: 'failed', found: messageOf(error), remedy }
  }
  const path = signingKeyPath(data)
  if (!existsSync(path)) {
    return { check, outcome: 'ok', found: `none yet; the first start makes one in ${data}` }
  }
  try {
    await readSigningKey(path)
    return { check, outcome: 'ok', found: `kept in ${path}` }
  } catch (error) {
    const remedy = `mv ${path} ${path}.old      # or make this user its owner, or restore it`
    return { check, outcome: 'failed', found: messageOf(error), remedy }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof ConfigError ? error.problems.join(' ') : (error as Error).message

export function publicUrlFinding({ listen, publicUrl }: Config): Finding {
  const check = 'public URL'
  if (publicUrl) return { check, outcome: 'ok', found: publicUrl }
  const { host } = listen
  if (/^(127\.|::1$|localhost$)/.test(host)) {
    return { check, outcome: 'ok', found: 'not set: URLs have the host of each request' }
  }
  return {
    ...{ check, outcome: 'warning' },
    found: `the server listens on ${host}, and whoever asks decides which host its URLs have`,
    remedy: 'export PARTWAY_PUBLIC_URL=https://media.example.com',
  }
}
