import type { View } from './view.ts'
import { barsView } from './view-bars.ts'
import { jsonView } from './view-json.ts'
import { linesView } from './view-lines.ts'

/** JSON lines, bars on a terminal, else plain lines. */
export function createView(json: boolean): View {
  if (json) return jsonView()
  return process.stderr.isTTY ? barsView() : linesView()
}
