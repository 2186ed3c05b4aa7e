import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { formatSeconds, formatSize, printable, quoted } from '../../src/cli/text.ts'
import { addMetadata } from '../../src/cli/upload/options.ts'

describe('--metadata', () => {
  it('takes everything after = as text, and after := as JSON', () => {
    expect(addMetadata('title=a = b')).toEqual({ title: 'a = b' })
    expect(addMetadata('take=3')).toEqual({ take: '3' })
    expect(addMetadata('take:=3')).toEqual({ take: 3 })
    expect(addMetadata('final:=true')).toEqual({ final: true })
    expect(addMetadata('note:="3"')).toEqual({ note: '3' })
    expect(addMetadata('text=line\nline')).toEqual({ text: 'line\nline' })
  })

  it('gathers values, of which the last of a key counts', () => {
    const both = addMetadata('b=2', addMetadata('a=1'))

    expect(both).toEqual({ a: '1', b: '2' })
    expect(addMetadata('a=3', both)).toEqual({ a: '3', b: '2' })
  })

  it.each(['title', '=x', 'take:=three', 'list:=[1]', 'none:=null'])('refuses %s', (text) => {
    expect(() => addMetadata(text)).toThrow(/must be/)
  })
})

describe('the text for people', () => {
  it('has sizes and times that can be read', () => {
    expect([0, 1023, 1536, 5 * 2 ** 40].map(formatSize)).toEqual([
      ...['0 B', '1023 B', '1.5 KiB', '5.0 TiB'],
    ])
    expect([0.4, 59.6, 200, 7500].map(formatSeconds)).toEqual([
      ...['0 s', '1 min 0 s', '3 min 20 s', '2 h 5 min'],
    ])
  })

  it('has no names that steer the terminal', () => {
    expect(printable('a\u001b[2Jb\n\u202ec 日本 é')).toBe('a?[2Jb??c 日本 é')
  })

  it.each([
    "it's.mp4",
    'two words.mp4',
    '$(date) `date` "!".mp4',
    '*.mp4',
    '~',
    'a\\b.mp4',
    '日本.mp4',
    "line\n\u001b[2J\u202e'\\",
  ])('has %j as a shell takes it, on one line', (name) => {
    const shown = execFileSync('bash', ['-c', `printf %s ${quoted(name)}`], { encoding: 'utf8' })

    expect(shown).toBe(name)
    expect(printable(quoted(name))).toBe(quoted(name))
  })

  it('has plain paths as they are, and none that is taken for an option', () => {
    expect(['/a/b-1_c.mp4', '-r'].map(quoted)).toEqual(['/a/b-1_c.mp4', './-r'])
  })
})
