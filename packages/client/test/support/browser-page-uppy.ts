// Runs in the page of the tests of the Uppy plugin.
import Partway from '@partway/client/uppy'
import Uppy from '@uppy/core'
import Dashboard from '@uppy/dashboard'

declare global {
  interface Window {
    begin: (options: { server: string; apiKey: string; limitRate?: number }) => void
    uppy: Uppy
  }
}

window.begin = (options) => {
  window.uppy = new Uppy()
    .use(Dashboard, { target: '#dashboard', inline: true, width: 750, height: 500 })
    .use(Partway, options)
}
