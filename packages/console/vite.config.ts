import { join } from 'node:path'
import { defineConfig } from 'vite'

/** Where `npm start` listens, for `npm run dev`. */
const SERVER = 'http://127.0.0.1:4100'
const API = ['/v1.3', '/chunks', '/content', '/files', '/docs', '/openapi.json', '/ready']

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  resolve: { conditions: ['partway-source', 'module', 'browser', 'development|production'] },
  build: {
    outDir: join(import.meta.dirname, '../server/dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // Bytes in a URL are not what `font-src` and others of the policy allow.
    assetsInlineLimit: 0,
    // hls.js alone is more, and is loaded when a stream is played.
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(API.map((path) => [path, { target: SERVER, changeOrigin: false }])),
  },
})
