import { type Client, createClient } from '@partway/client/node'
import { type Command, InvalidArgumentError } from 'commander'
import { UsageError } from './exit.ts'

export interface ServerOptions {
  server?: string
  apiKey?: string
  json?: boolean
}

const DEFAULT_SERVER = 'http://127.0.0.1:4100'

// The second of each is what the official SDKs read, so that one set-up serves both.
const SERVER_VARIABLES = ['PARTWAY_SERVER', 'TWELVELABS_BASE_URL'] as const
const KEY_VARIABLES = ['PARTWAY_API_KEY', 'TWELVE_LABS_API_KEY'] as const

/** Options of every command that talks to a running server. */
export function withServerOptions(command: Command): Command {
  return command
    .option(
      '--server <url>',
      `the server to talk to (${SERVER_VARIABLES.join(', ')})`,
      serverOption,
    )
    .option('--api-key <key>', `the API key (${KEY_VARIABLES.join(', ')})`)
    .option('--json', 'print JSON')
}

export interface Address {
  server: string
  apiKey: string
}

/** The server and key of the command line, else of the environment. */
export function addressOf(options: ServerOptions, env = process.env): Address {
  const apiKey = options.apiKey ?? firstOf(KEY_VARIABLES, env)?.value
  if (!apiKey) {
    throw new UsageError('An API key is needed: give --api-key or set PARTWAY_API_KEY.')
  }
  return { server: options.server ?? serverOf(env), apiKey }
}

/** @param journals where uploads are remembered; nowhere by default */
export function clientFor(options: ServerOptions, journals?: string): Client {
  const address = addressOf(options)
  return createClient(journals === undefined ? address : { ...address, journals })
}

function serverOf(env: NodeJS.ProcessEnv): string {
  const found = firstOf(SERVER_VARIABLES, env)
  if (!found) return DEFAULT_SERVER
  if (isServer(found.value)) return found.value
  throw new UsageError(
    `${found.variable} must be a URL such as ${DEFAULT_SERVER}; received ${JSON.stringify(found.value)}.`,
  )
}

function firstOf(variables: readonly string[], env: NodeJS.ProcessEnv) {
  for (const variable of variables) {
    const value = env[variable]
    if (value) return { variable, value }
  }
  return undefined
}

function serverOption(text: string): string {
  if (isServer(text)) return text
  throw new InvalidArgumentError(`It must be a URL such as ${DEFAULT_SERVER}.`)
}

function isServer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash, username } = new URL(text)
  return /^https?:$/.test(protocol) && search + hash + username === ''
}
