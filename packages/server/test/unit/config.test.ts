import { isAbsolute, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../../src/server/config.ts'
import { SETTINGS } from '../../src/server/settings.ts'

type Env = Record<string, string>
type Options = Parameters<typeof readConfig>[1]

function problemsOf(env: Env, options?: Options): readonly string[] {
  try {
    readConfig(env, options)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the settings', () => {
  it('work without a single one being set', () => {
    const config = readConfig({})
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 4100 })
    expect(config.uploadTtlMs).toBe(24 * 3_600_000)
    expect(config.apiKey).toBeUndefined()
    expect(isAbsolute(config.data)).toBe(true)
    expect(config.database).toEqual({ kind: 'sqlite', path: join(config.data, 'partway.db') })
    expect(config.store).toEqual({ kind: 'file', path: join(config.data, 'store') })
  })

  it('have defaults that are valid when they are written out', () => {
    const env: Env = {}
    for (const { variable, default: fallback } of Object.values(SETTINGS)) {
      if (fallback !== undefined) env[variable] = fallback
    }
    expect(readConfig(env)).toEqual(readConfig({}))
  })

  it('put the database and the store where their URLs say', () => {
    const config = readConfig({
      PARTWAY_DATABASE_URL: 'sqlite:///var/lib/x.db',
      PARTWAY_STORE_URL: 'file:relative/store',
    })
    expect(config.database).toEqual({ kind: 'sqlite', path: '/var/lib/x.db' })
    expect(config.store).toEqual({ kind: 'file', path: resolve('relative/store') })
  })

  it('let an option of the command line win over the environment', () => {
    const env = { PARTWAY_LISTEN: '127.0.0.1:1' }
    expect(readConfig(env, { listen: '127.0.0.1:2' }).listen.port).toBe(2)
    expect(readConfig(env, { listen: undefined }).listen.port).toBe(1)
  })

  it('cannot be changed once they are read', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true)
  })

  it('that are wrong are reported together, each with its name and value', () => {
    const env = {
      ...{ PARTWAY_LISTEN: 'nowhere', PARTWAY_MAX_VIDEO_SIZE: '6TiB', PARTWAY_URL_TTL: '1 week' },
      ...{ PARTWAY_LOG_LEVEL: 'loud', PARTWAY_PUBLIC_URL: 'ftp://x', PARTWAY_CORS_ORIGINS: 'x' },
      ...{ PARTWAY_STORE_URL: 'gopher:x', PARTWAY_UPLOAD_TLT: '1h' },
    }
    const problems = problemsOf(env)
    expect(problems).toHaveLength(8)
    for (const [variable, value] of Object.entries(env)) {
      const problem = problems.find((text) => text.startsWith(`${variable} `))
      expect(problem, variable).toBeDefined()
      const shown = !['PARTWAY_UPLOAD_TLT', 'PARTWAY_STORE_URL'].includes(variable)
      if (shown) expect(problem).toContain(JSON.stringify(value))
    }
    const { message } = new ConfigError(problems)
    for (const problem of problems) expect(message).toContain(problem)
  })

  it('that do not exist are refused by name, those of the client and of others are not', () => {
    expect(problemsOf({ PARTWAY_LISTEM: 'x', PARTWAY_: 'y' })).toEqual([
      'PARTWAY_LISTEM is not a setting. See docs/configuration.md.',
      'PARTWAY_ is not a setting. See docs/configuration.md.',
    ])
    expect(problemsOf({ PARTWAY_SERVER: 'http://localhost', PATH: '/bin', PART: '1' })).toEqual([])
  })

  it('name the option when the option is what is wrong', () => {
    expect(problemsOf({}, { listen: 'x' })[0]).toMatch(/^--listen must be .*; received "x"\.$/)
  })

  it('never echo a secret', () => {
    const secret = 'hunter2'
    const texts = [
      problemsOf({ PARTWAY_API_KEY: secret }),
      problemsOf({}, { apiKey: secret }),
      problemsOf({ PARTWAY_STORE_URL: `s3://films?secret_access_key=${secret}` }),
      problemsOf({ PARTWAY_SIGNING_KEYS: `${secret},${'x'.repeat(32)}` }),
    ]
    for (const problems of texts) {
      expect(problems).toHaveLength(1)
      expect(problems[0]).not.toContain(secret)
    }
  })

  it.each([
    ['PARTWAY_DATABASE_URL', 'postgres://partway:hunter2@db.example.com'],
    ['PARTWAY_DATABASE_URL', 'postgres://partway:p@ss/hunter2@db.example.com/partway'],
    ['PARTWAY_DATABASE_URL', 'postgres://partway:hunter2#@db.example.com/partway'],
    ['PARTWAY_DATABASE_URL', 'mysql://partway:hunter2@db.example.com/partway'],
    ['PARTWAY_DATABASE_URL', 'partway:hunter2@db.example.com/partway'],
    ['PARTWAY_STORE_URL', 's3://AKIA:hunter2@bucket'],
    ['PARTWAY_PUBLIC_URL', 'https://user:hunter2@media.example.com'],
  ])('never echo the password in a wrong %s', (variable, url) => {
    const problems = problemsOf({ [variable]: url })
    expect(problems).toHaveLength(1)
    expect(problems[0]).not.toContain('hunter2')
  })
})

describe('each setting', () => {
  const read = (env: Env) => readConfig(env)

  it.each(['foo', '10.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '127.0.0.1, proxy'])(
    'does not take %s for proxies to trust',
    (text) => {
      expect(problemsOf({ PARTWAY_TRUSTED_PROXIES: text })).toHaveLength(1)
    },
  )

  it('takes addresses, ranges and their three names for proxies to trust', () => {
    const text = '127.0.0.1,10.0.0.0/8,fd00::/8,loopback,linklocal,uniquelocal'
    expect(read({ PARTWAY_TRUSTED_PROXIES: text }).trustedProxies).toEqual(text.split(','))
  })

  it.each([
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
  ])('takes %s for an address', (text, listen) => {
    expect(read({ PARTWAY_LISTEN: text }).listen).toEqual(listen)
  })

  it.each([
    '',
    ':80',
    '80',
    'host',
    'host:',
    '::1:80',
    'host:65536',
    'host:-1',
    'host:1e3',
    'a:b:1',
  ])('does not take %j for an address', (text) => {
    expect(problemsOf({ PARTWAY_LISTEN: text })).toHaveLength(1)
  })

  it('takes signing keys of 32 characters or more, in their order', () => {
    const [a, b] = ['a'.repeat(32), 'b'.repeat(40)]
    expect(read({ PARTWAY_SIGNING_KEYS: `${b}, ${a}` }).signingKeys).toEqual([b, a])
    for (const bad of ['', ',', 'a'.repeat(31), `${a},`, `${a},short`]) {
      expect(problemsOf({ PARTWAY_SIGNING_KEYS: bad }), bad).toHaveLength(1)
    }
  })

  it('takes printable API keys of 8 to 200 characters', () => {
    expect(read({ PARTWAY_API_KEY: 'pw_12345' }).apiKey).toBe('pw_12345')
    for (const bad of ['', 'short', 'with a space', 'ключключ', 'x'.repeat(201), 'line\nbreak']) {
      expect(problemsOf({ PARTWAY_API_KEY: bad }), bad).toHaveLength(1)
    }
  })

  it('takes public URLs without what would not survive in front of a path', () => {
    const url = (text: string) => read({ PARTWAY_PUBLIC_URL: text }).publicUrl
    expect(url('https://media.example.com/')).toBe('https://media.example.com')
    expect(url('http://host:8080/partway/')).toBe('http://host:8080/partway')
    for (const bad of ['', 'media.example.com', 'ftp://x', 'https://x?y', 'https://x#y']) {
      expect(problemsOf({ PARTWAY_PUBLIC_URL: bad }), bad).toHaveLength(1)
    }
  })

  it.each([
    'postgres://partway:p%40ss@db.example.com:5433/partway?sslmode=verify-full',
    'postgresql://127.0.0.1/partway',
    'postgres://[::1]:5432/x',
  ])('takes %s for a database', (url) => {
    expect(read({ PARTWAY_DATABASE_URL: url }).database).toEqual({ kind: 'postgres', url })
  })

  it.each(['', 'sqlite:', 'postgres:', 'postgres:///partway', 'postgres://host', 'postgres://h/'])(
    'does not take %j for a database',
    (url) => {
      expect(problemsOf({ PARTWAY_DATABASE_URL: url })).toHaveLength(1)
    },
  )

  it('takes lists with spaces and empty places', () => {
    const config = read({
      PARTWAY_TRUSTED_PROXIES: ' 10.0.0.0/8 , ,127.0.0.1',
      PARTWAY_CORS_ORIGINS: 'https://a.example.com, http://localhost:5173',
    })
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '127.0.0.1'])
    expect(config.corsOrigins).toEqual(['https://a.example.com', 'http://localhost:5173'])
    expect(read({ PARTWAY_CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*'])
    for (const bad of ['https://a.example.com/', 'https://a/b', 'null', '*.example.com']) {
      expect(problemsOf({ PARTWAY_CORS_ORIGINS: bad }), bad).toHaveLength(1)
    }
  })

  it('does not take what a timer could not wait for', () => {
    for (const variable of ['SWEEP_INTERVAL', 'STALL_TIMEOUT', 'DRAIN_TIMEOUT']) {
      expect(problemsOf({ [`PARTWAY_${variable}`]: '25d' }), variable).toHaveLength(1)
      expect(problemsOf({ [`PARTWAY_${variable}`]: '24d' }), variable).toHaveLength(0)
    }
    expect(problemsOf({ PARTWAY_SWEEP_INTERVAL: '99ms' })).toHaveLength(1)
    expect(read({ PARTWAY_DRAIN_TIMEOUT: '0s' }).drainTimeoutMs).toBe(0)
    expect(problemsOf({ PARTWAY_UPLOAD_TTL: '999ms' })).toHaveLength(1)
    expect(read({ PARTWAY_GRACE_PERIOD: '0s' }).graceMs).toBe(0)
  })
})
