import type { PageInfo, PageQuery } from '@partway/protocol'
import { Command } from 'commander'
import { withServerOptions } from './server.ts'

/** A command that talks to a running server. */
export const clientCommand = (name: string, ...examples: string[]): Command =>
  withServerOptions(withExamples(new Command(name), ...examples))

/** Adds examples to the help of a command. */
export function withExamples(command: Command, ...examples: string[]): Command {
  const lines = examples.map((example) => `  ${example}`).join('\n')
  return command.addHelpText('after', `\nExamples:\n${lines}`)
}

/** A command that only holds others. */
export function group(
  name: string,
  description: string,
  commands: Command[],
  examples: string[],
): Command {
  const parent = withExamples(new Command(name).description(description), ...examples)
  for (const command of commands) parent.addCommand(command)
  return parent
}

/** The items of every page of a list. */
export async function everyPage<T>(
  list: (query: PageQuery) => Promise<{ data: T[]; page_info: PageInfo }>,
): Promise<T[]> {
  const all: T[] = []
  for (let page = 1; ; page++) {
    const { data, page_info } = await list({ page, page_limit: 50 })
    all.push(...data)
    if (page >= page_info.total_page) return all
  }
}
