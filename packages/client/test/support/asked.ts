import type { IncomingMessage } from 'node:http'
import type { Asked, Call } from './faults.ts'

const UPLOADS = '/v1.3/assets/multipart-uploads'

/** Tells requests apart, and counts them. */
export function createRecogniser() {
  const counts = new Map<string, number>()
  return ({ method = '', url = '' }: IncomingMessage): Asked => {
    const [path] = url.split('?', 1) as [string]
    const key = `${method} ${path}`
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    const chunk = Number(/^\/chunks\/[^/]+\/(\d+)$/.exec(path)?.[1] ?? 0)
    return { call: callOf(method, path), method, path, count, chunk }
  }
}

function callOf(method: string, path: string): Call {
  if (method === 'PUT' && path.startsWith('/chunks/')) return 'chunk'
  if (!path.startsWith(UPLOADS)) return 'other'
  const rest = path.slice(UPLOADS.length)
  if (rest === '') return method === 'POST' ? 'create' : 'list'
  if (rest.endsWith('/presigned-urls')) return 'presign'
  if (method === 'DELETE') return 'abort'
  return method === 'POST' ? 'report' : 'status'
}
