import { type CompletedCommand, pathsOf, quoted, valuesOf } from './tree.ts'

/** For zsh: to be sourced, or a file `_partway` in a folder of `fpath`. */
export function zshScript(commands: CompletedCommand[]): string {
  return `#compdef partway
# Completion of partway for zsh: source <(partway completion zsh)
_partway() {
  local at='' cur=$words[CURRENT] prev=$words[CURRENT-1] files='' i
  local -a names options
  for ((i = 2; i < CURRENT; i++)); do
    case "\${at:+$at }$words[i]" in
      (${pathsOf(commands).map(quoted).join('|')}) at="\${at:+$at }$words[i]" ;;
    esac
  done
  case "$at:$prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${commands.map(wordCase).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    _describe -o option options
  elif [[ -n $files ]]; then
    _files
  else
    _describe command names
  fi
}
if [[ $funcstack[1] == _partway ]]; then
  _partway "$@"
else
  compdef _partway partway
fi`
}

/** After an option that takes a value; nothing is offered for texts. */
function valueCases(command: CompletedCommand): string[] {
  return valuesOf(command).map(({ flags, value }) => {
    const patterns = flags.map((flag) => quoted(`${command.path}:${flag}`)).join('|')
    const words = typeof value === 'string' ? '' : value.map(quoted).join(' ')
    const reply = value === 'files' ? '_files; ' : value === 'text' ? '' : `compadd -- ${words}; `
    return `    (${patterns}) ${reply}return ;;`
  })
}

function wordCase({ path, commands, options, words, files }: CompletedCommand): string {
  const names = [
    ...commands.map(({ name, description }) => described(name, description)),
    ...words.map(quoted),
  ]
  const flags = options.flatMap((option) =>
    option.flags.map((flag) => described(flag, option.description)),
  )
  return [
    `    (${quoted(path)})`,
    `      names=(${names.join(' ')})`,
    `      options=(${flags.join(' ')})`,
    `      ${files ? 'files=1 ' : ''};;`,
  ].join('\n')
}

/** `_describe` splits at the first colon. */
const described = (word: string, description: string): string =>
  quoted(`${word.replaceAll(':', '\\:')}:${description}`)
