import { type CompletedCommand, type CompletedOption, pathsOf } from './tree.ts'

/** For fish: one line for each thing that can be completed. */
export function fishScript(commands: CompletedCommand[]): string {
  return `# Completion of partway for fish: partway completion fish > ~/.config/fish/completions/partway.fish
function __partway_at
    set -l at
    for word in (commandline -opc)[2..-1]
        set -l next (string join -- ' ' $at $word)
        if contains -- "$next" ${pathsOf(commands).map(fishQuoted).join(' ')}
            set at $next
        end
    end
    test "$at" = "$argv[1]"
end
complete -c partway -f
${commands.flatMap(linesOf).join('\n')}`
}

function linesOf({ path, commands, options, words, files }: CompletedCommand): string[] {
  const line = `complete -c partway -n ${fishQuoted(`__partway_at ${fishQuoted(path)}`)}`
  return [
    ...commands.map(
      ({ name, description }) => `${line} -a ${fishQuoted(name)} -d ${fishQuoted(description)}`,
    ),
    ...words.map((word) => `${line} -a ${fishQuoted(word)}`),
    ...(files ? [`${line} -F`] : []),
    ...options.map((option) => `${line} ${optionWords(option)}`),
  ]
}

function optionWords({ flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  )
  // -r: a value must follow; -x: and it is no file; -F: and it is one.
  const needs =
    value === 'none'
      ? ''
      : value === 'files'
        ? ' -r -F'
        : value === 'text'
          ? ' -x'
          : ` -x -a ${fishQuoted(value.join(' '))}`
  return `${names.join(' ')}${needs} -d ${fishQuoted(description)}`
}

/** Within single quotes fish knows two escapes. */
const fishQuoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
