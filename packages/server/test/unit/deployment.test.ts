import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/server/config.ts'
import { SETTINGS } from '../../src/server/settings.ts'
import { parseDuration } from '../../src/server/units.ts'
import { createWorld } from '../support/http-world.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Service {
  image: string
  environment?: Record<string, string>
  volumes?: string[]
  stop_grace_period?: string
}

const compose = parse(read('compose.yaml'), { merge: true }) as {
  services: Record<string, Service>
}
const services = Object.entries(compose.services)
const servers = services.filter(([, { image }]) => image.startsWith('partway:'))
const dockerfile = read('Dockerfile')
const unit = read('deploy/partway.service')
const caddyfile = read('deploy/Caddyfile')

const SETS_VARIABLES = ['compose.yaml', 'Dockerfile', '.env.example', 'deploy/partway.service']

/** All `NAME=value` of a text whose name is a setting's. */
const settingsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/\b(PARTWAY_[A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value!]),
  )

/** The value of a line such as `TimeoutStopSec=45s`. */
const directive = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]

describe('what is deployed', () => {
  it.each(SETS_VARIABLES)('uses settings that exist: %s', (path) => {
    const known: string[] = Object.values(SETTINGS).map(({ variable }) => variable)
    const used = read(path).match(/\bPARTWAY_[A-Z_]+/g) ?? []
    expect(used).not.toEqual([])
    for (const variable of used) expect(known).toContain(variable)
  })

  it('gives the settings values that the server accepts', () => {
    expect(settingsIn(dockerfile)).toMatchObject({ PARTWAY_LISTEN: '0.0.0.0:4100' })
    for (const text of [dockerfile, unit]) {
      expect(() => readConfig(settingsIn(text))).not.toThrow()
    }
    const examples: Record<string, string> = {
      ...{ MEDIA_URL: 'https://media.example.com', PARTWAY_API_KEY: 'k'.repeat(64) },
      PARTWAY_SIGNING_KEYS: 's'.repeat(64),
      ...{ STORE_URL: 'https://store.example.com', POSTGRES_PASSWORD: 'p'.repeat(64) },
    }
    for (const [name, { environment = {} }] of servers) {
      const env = Object.entries(environment).map(([key, value]) => [
        key,
        value.replace(/\$\{(\w+):\?[^}]*\}/, (_, variable: string) => examples[variable] ?? ''),
      ])
      expect(readConfig(Object.fromEntries(env)), name).toMatchObject({
        database: { kind: 'postgres' },
        store: { kind: 's3', bucket: 'partway', publicEndpoint: examples.STORE_URL },
      })
    }
  })

  it('stays alive long enough for running requests to finish', () => {
    const drainOf = (env: Parameters<typeof readConfig>[0]) => readConfig(env).drainTimeoutMs
    const stop = parseDuration(directive('TimeoutStopSec')!)
    expect(stop).toBeGreaterThan(drainOf(settingsIn(unit)))
    for (const [name, { environment, stop_grace_period }] of servers) {
      const drain = drainOf({ PARTWAY_DRAIN_TIMEOUT: environment?.PARTWAY_DRAIN_TIMEOUT })
      expect(parseDuration(stop_grace_period!), name).toBeGreaterThan(drain)
    }
  })
})

describe('the image', () => {
  it('is built on the version of Node that the tests run on', () => {
    const { devDependencies } = JSON.parse(read('package.json'))
    expect(/^ARG NODE_IMAGE=node:([\d.]+)-\w+-slim$/m.exec(dockerfile)?.[1]).toBe(
      devDependencies.node,
    )
    const from = (what: RegExp) => dockerfile.match(what)?.length
    expect(from(/^FROM \$\{NODE_IMAGE\}/gm)).toBe(from(/^FROM /gm))
  })

  it('does not run as root', () => {
    const users = [...dockerfile.matchAll(/^USER (.*)$/gm)].map(([, user]) => user)
    expect(users.at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(dockerfile.lastIndexOf('\nUSER ')).toBeGreaterThan(dockerfile.lastIndexOf('\nFROM '))
  })

  it('is checked, as the proxy checks it, at addresses that exist and on the port it listens on', async () => {
    await using world = await createWorld()
    const [, port, health] = /'http:\/\/127\.0\.0\.1:(\d+)(\/\w+)'/.exec(dockerfile) ?? []
    const ready = /health_uri (\S+)/.exec(caddyfile)?.[1]
    for (const path of [health!, ready!]) {
      expect((await world.app.inject(path)).statusCode, path).toBe(200)
    }
    expect(readConfig(settingsIn(dockerfile)).listen.port).toBe(Number(port))
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'))
    for (const [name] of servers.filter(([name]) => name !== 'migrate')) {
      expect(caddyfile).toContain(`${name}:${port}`)
    }
  })
})

describe('compose.yaml', () => {
  it('runs at least two servers, and pins every image by its version', () => {
    expect(servers.map(([name]) => name)).toEqual(['partway-1', 'partway-2', 'migrate'])
    for (const [name, { image }] of services) {
      expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/)
    }
  })

  it('asks for exactly what .env.example explains', () => {
    const asked = [...read('compose.yaml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name)
    const explained = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name)
    expect(explained.sort()).toEqual([...new Set(asked)].sort())
  })

  it('mounts files that exist', () => {
    const files = services.flatMap(([, { volumes = [] }]) => volumes).map((v) => v.split(':')[0]!)
    const ours = files.filter((path) => path.startsWith('./'))
    expect(ours).not.toEqual([])
    for (const path of ours) expect(existsSync(join(ROOT, path)), path).toBe(true)
  })
})

describe('the Caddyfile', () => {
  it('goes to the same servers where none is ready, without asking for their health', () => {
    const [, ready, any] = caddyfile.split(/reverse_proxy (?=\{\$SERVER_UPSTREAMS)/)
    const serversOf = (block: string) => /^\{.*?\}(?= \{$)/m.exec(block)?.[0]
    expect(serversOf(any!)).toBe(serversOf(ready!))
    expect(ready).toContain('health_uri /ready')
    expect(any).not.toContain('health_uri')
  })
})

describe('the systemd unit', () => {
  it('runs a program that exists, and not as root', () => {
    expect(directive('User')).toBe('partway')
    const program = directive('ExecStart')?.split(' ')[1]
    expect(existsSync(join(ROOT, program!.replace('/opt/partway/', '')))).toBe(true)
  })
  it('is started again for as long as it takes, but not with wrong settings', () => {
    expect(directive('Restart')).toBe('on-failure')
    expect(directive('StartLimitIntervalSec')).toBe('0')
    expect(directive('RestartPreventExitStatus')).toBe('2')
  })

  it('is what the doctor looks at: the same user, settings and program', () => {
    const command = /^partway\(\) \{ (.*?)\}$/ms.exec(read('docs/doctor.md'))?.[1]
    expect(command).toContain(` User=${directive('User')} `)
    // Read by systemd: for a shell, the `&` in a value without quotes is the end of a command.
    expect(command).toContain(` EnvironmentFile=${directive('EnvironmentFile')} `)
    expect(command).toContain(` PARTWAY_DATA=${settingsIn(unit).PARTWAY_DATA} `)
    expect(command).toContain(` ${directive('ExecStart')!.replace(/ serve$/, '')} "$@"`)
  })
})
