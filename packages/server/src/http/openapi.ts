import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App } from './types.ts'

export const BASE_PATH = '/v1.3'

/** OpenAPI 3.1 from the schemas that validate, at `/openapi.json`, and a page for people at `/docs`. */
export async function openapi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Partway',
        version,
        description:
          'Uploads of very large media files in chunks, through presigned URLs. Speaks the TwelveLabs v1.3 assets API.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: BASE_PATH }],
      components: {
        securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
      },
      security: [{ apiKey: [] }],
      tags: [
        { name: 'Multipart uploads' },
        { name: 'Assets' },
        { name: 'Events' },
        { name: 'Health' },
      ],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, i) => String(schema.$id ?? `schema-${i}`),
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      const api = document.openapiObject
      // These are not below the base path and need no key.
      for (const path of ['/health', '/ready']) {
        const item = api.paths?.[path]
        if (item) Object.assign(item, { servers: [{ url: '/' }] })
        if (item?.get) item.get.security = []
      }
      return api
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // The page is ours and needs nothing from anywhere else.
    staticCSP: "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'",
    theme: {
      title: 'Partway API',
      css: [{ filename: 'partway.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
