import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { runProgram, temporaryFolder } from '../support/program.ts'

const run = promisify(execFile)

/** Runs a shell; `undefined` where it is not installed. */
async function shell(name: string, ...args: string[]): Promise<string | undefined> {
  try {
    return (await run(name, args)).stdout
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

describe('partway completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script that %s can read', async (name) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, `partway.${name}`)
    const { code, stdout } = await runProgram(['completion', name])
    await writeFile(path, stdout)

    expect(code).toBe(0)
    for (const word of ['uploads', 'resume', 'limit-rate']) expect(stdout).toContain(word)
    await shell(name, '-n', path)
  })

  it('completes commands, options and what may follow them in bash', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'partway.bash')
    await writeFile(path, (await runProgram(['completion', 'bash'])).stdout)
    const complete = (...words: string[]) =>
      shell(
        ...(['bash', '-c'] as const),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _partway; echo "${COMPREPLY[@]}"',
        ...[path, 'partway', ...words],
      )

    expect(await complete('upl')).toBe('upload uploads\n')
    expect(await complete('uploads', 're')).toBe('resume\n')
    expect(await complete('upload', '--thu')).toBe('--thumbnail\n')
    expect(await complete('upload', 'a.mp4', '--type', '')).toBe('video audio image document\n')
    expect(await complete('completion', '')).toBe('bash zsh fish\n')
    // Files are left to bash itself.
    expect(await complete('upload', 'fi')).toBe('\n')
  })

  it('completes in fish, where that is installed', async ({ skip }) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'partway.fish')
    await writeFile(path, (await runProgram(['completion', 'fish'])).stdout)
    const complete = (line: string) =>
      shell('fish', '-N', '-c', `source ${path}; complete -C '${line}'`)

    const commands = await complete('partway uploads ')
    skip(commands === undefined, 'fish is not installed')
    expect(commands).toMatch(/^resume\t/m)
    expect(await complete('partway upload --type ')).toMatch(/^video\t/m)
  })

  it('knows no other shells', async () => {
    const { code, stderr } = await runProgram(['completion', 'cmd'])

    expect(code).toBe(2)
    expect(stderr).toContain('bash, zsh, fish')
  })
})
