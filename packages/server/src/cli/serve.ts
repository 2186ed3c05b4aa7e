import { Command } from 'commander'
import { readConfig } from '../server/config.ts'
import { SETTINGS } from '../server/settings.ts'
import { withExamples } from './common.ts'

export function serveCommand(): Command {
  const { listen, data, apiKey } = SETTINGS
  const command = withExamples(
    new Command('serve').description('start a server'),
    'partway serve',
    'partway serve --listen 0.0.0.0:8080 --data /var/lib/partway',
    'PARTWAY_MAX_VIDEO_SIZE=100GiB partway serve',
  )
  for (const { option, description, variable, default: fallback } of [listen, data, apiKey]) {
    const note = fallback === undefined ? variable : `${variable}, default ${fallback}`
    command.option(option!, `${description} (${note})`)
  }
  return command.action(serve)
}

async function serve(options: { listen?: string; data?: string; apiKey?: string }) {
  const { openPorts } = await import('../server/compose.ts')
  const { startServer } = await import('../server/start.ts')
  const config = readConfig(process.env, options)
  const server = await startServer(config, await openPorts(config))
  if (server.firstKey) {
    console.log(`Your API key, shown only now: ${server.firstKey}`)
  }
  // The key of a setting is known to whoever set it, and has no business in a log.
  console.log(`Console: ${server.consoleUrl}${server.firstKey ? `#key=${server.firstKey}` : ''}`)
  // Keys are stored as hashes: those that were made before cannot be printed again.
  if (!server.firstKey && config.apiKey === undefined) {
    console.log(
      'It asks for an API key; with the settings of this server, partway keys create makes one',
    )
  }
  console.log(`Partway is ready at ${server.url}`)
  const place =
    config.database.kind === 'sqlite' ? `Data is in ${config.data}` : 'Metadata is in PostgreSQL'
  console.log(`${place}; the API reference is at ${server.url}/docs`)

  let stopping = false
  const stop = async () => {
    // A second signal does not wait.
    if (stopping) process.exit(1)
    stopping = true
    await server.stop()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
