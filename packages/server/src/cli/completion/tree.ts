import type { Command, Option } from 'commander'

/** A command as shells need to know it. */
export interface CompletedCommand {
  /** After `partway`, such as `uploads list`; empty for `partway` itself. */
  path: string
  commands: { name: string; description: string }[]
  options: CompletedOption[]
  /** What may follow that is no option. */
  words: readonly string[]
  /** Files may follow. */
  files: boolean
}

export interface CompletedOption {
  /** Such as `-o` and `--output`. */
  flags: string[]
  description: string
  /** What follows it. */
  value: 'none' | 'files' | 'text' | readonly string[]
}

/** Every command, the program itself first. */
export function commandsOf(program: Command): CompletedCommand[] {
  return [...walk(program, '')]
}

function* walk(command: Command, path: string): Generator<CompletedCommand> {
  const help = command.createHelp()
  const { commands, registeredArguments } = command
  yield {
    path,
    commands: commands.map((child) => ({
      name: child.name(),
      description: child.description(),
    })),
    options: help.visibleOptions(command).map(optionOf),
    words: registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    files: registeredArguments.some((argument) => /^files?$/.test(argument.name())),
  }
  for (const child of commands) yield* walk(child, `${path} ${child.name()}`.trim())
}

function optionOf({ short, long, description, flags, argChoices }: Option): CompletedOption {
  const [, name] = /<(.+)>/.exec(flags) ?? []
  const files = name === 'file' || name === 'folder'
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    value: argChoices ?? (files ? 'files' : name === undefined ? 'none' : 'text'),
  }
}

/** The commands in the path to which other commands belong: `uploads`, `uploads list`. */
export const pathsOf = (commands: CompletedCommand[]): string[] =>
  commands.map(({ path }) => path).filter((path) => path !== '')

/** The flags after which a value follows, by what the value is; those of texts together. */
export function valuesOf({
  options,
}: CompletedCommand): Pick<CompletedOption, 'flags' | 'value'>[] {
  const texts = options.filter(({ value }) => value === 'text').flatMap(({ flags }) => flags)
  return [
    ...(texts.length > 0 ? [{ flags: texts, value: 'text' as const }] : []),
    ...options.filter(({ value }) => value !== 'text' && value !== 'none'),
  ]
}

/** In single quotes, as bash and zsh read them. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
