import { PartwayError } from '@partway/protocol'
import { Type } from 'typebox'
import { errors } from './common.ts'
import type { App } from './types.ts'

const tags = ['Health']
const Ok = Type.Object({ status: Type.Literal('ok') })

/** For load balancers and supervisors; no key needed, nothing told. */
export function healthRoutes(app: App, ping: () => Promise<unknown>): void {
  app.get(
    '/health',
    { schema: { summary: 'The process is alive', tags, response: { 200: Ok } } },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/ready',
    {
      schema: {
        summary: 'The database and the store can be used',
        tags,
        response: { 200: Ok, ...errors(503) },
      },
    },
    async () => {
      await ping().catch((cause) => {
        const message = 'The database or the store cannot be used right now.'
        throw new PartwayError('service_unavailable', message, { cause, retryAfter: 5 })
      })
      return { status: 'ok' as const }
    },
  )
}
