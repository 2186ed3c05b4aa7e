import { Argument, Command } from 'commander'
import { withExamples } from './common.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { commandsOf } from './completion/tree.ts'
import { zshScript } from './completion/zsh.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** @param program whose commands are completed */
export function completionCommand(program: Command): Command {
  return withExamples(
    new Command('completion'),
    'source <(partway completion bash)        in ~/.bashrc',
    'source <(partway completion zsh)         in ~/.zshrc, after compinit',
    'partway completion fish > ~/.config/fish/completions/partway.fish',
  )
    .description('print a script that completes commands and options with the Tab key')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => console.log(SCRIPTS[shell](commandsOf(program))))
}
