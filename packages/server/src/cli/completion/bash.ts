import { type CompletedCommand, pathsOf, quoted, valuesOf } from './tree.ts'

/** For bash: words by `compgen`; names of files are left to readline, which quotes them. */
export function bashScript(commands: CompletedCommand[]): string {
  return `# Completion of partway for bash: source <(partway completion bash)
_partway() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local at='' names='' options='' files='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${at:+$at }\${COMP_WORDS[i]}" in
      ${pathsOf(commands).map(quoted).join(' | ')}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:$prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${commands.map(wordCase).join('\n')}
  esac
  [[ $cur == -* ]] && names=$options files=''
  if [[ -z $files ]]; then
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W "$names" -- "$cur"))
  fi
}
complete -o default -F _partway partway`
}

/** After an option that takes a value; nothing is offered for texts. */
function valueCases(command: CompletedCommand): string[] {
  return valuesOf(command).map(({ flags, value }) => {
    const patterns = flags.map((flag) => quoted(`${command.path}:${flag}`)).join(' | ')
    if (value === 'files') return `    ${patterns}) return ;;`
    const words = typeof value === 'string' ? '' : value.join(' ')
    const reply = words === '' ? '' : `COMPREPLY=($(compgen -W ${quoted(words)} -- "$cur")); `
    return `    ${patterns}) compopt +o default 2>/dev/null; ${reply}return ;;`
  })
}

function wordCase({ path, commands, options, words, files }: CompletedCommand): string {
  const names = [...commands.map(({ name }) => name), ...words].join(' ')
  const flags = options.flatMap((option) => option.flags).join(' ')
  const known = `names=${quoted(names)} options=${quoted(flags)}${files ? ' files=1' : ''}`
  return `    ${quoted(path)}) ${known} ;;`
}
