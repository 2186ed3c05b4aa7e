import { openFile } from '@partway/client/node'
import type { Command } from 'commander'
import { clientCommand } from './common.ts'
import { compareWithAsset } from './compare.ts'
import { EXIT, fileReason } from './exit.ts'
import { clientFor, type ServerOptions } from './server.ts'
import { printable } from './text.ts'

export function verifyCommand(): Command {
  return clientCommand(
    'verify',
    'partway verify film.mp4 507f1f77bcf86cd799439012',
    'partway verify film.mp4 507f1f77bcf86cd799439012 && rm film.mp4',
  )
    .description('compare a file with an asset, without downloading it')
    .argument('<file>', 'the file')
    .argument('<asset>', 'the id of the asset')
    .addHelpText('after', '\nThe exit code is 0 only if every byte is the same.')
    .action(verify)
}

async function verify(path: string, assetId: string, options: ServerOptions): Promise<void> {
  const client = clientFor(options)
  await using source = await openFile(path).catch((error) => {
    throw error.code ? new Error(`${path}: ${fileReason(error)}`) : error
  })
  const compared = await compareWithAsset(source, assetId, client)
  const { outcome } = compared
  const reason = outcome === 'identical' ? undefined : compared.reason
  if (outcome !== 'identical') process.exitCode = EXIT.failed
  if (options.json) {
    const known = outcome === 'unknown' ? null : outcome === 'identical'
    return console.log(JSON.stringify({ file: path, asset_id: assetId, identical: known, reason }))
  }
  const file = printable(path)
  if (outcome === 'identical') console.log(`${file} is identical to asset ${assetId}.`)
  else if (outcome === 'different') console.log(`${file} differs from asset ${assetId}: ${reason}.`)
  else console.error(`Failed: asset ${assetId} cannot be compared: ${reason}.`)
}
