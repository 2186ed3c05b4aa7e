import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { barsView } from '../../src/cli/upload/view-bars.ts'
import { createTerminal } from '../support/terminal.ts'

describe('the bars on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function show() {
    const { stream, screen } = createTerminal()
    const view = barsView(stream, stream)
    return {
      view,
      sent(file: string, sent: number) {
        view.show({
          ...{ event: 'progress', file, phase: 'sending', size: 100, sent, acknowledged: sent },
          ...{ rate: 10, seconds_left: 5 },
        })
      },
      /** Once it has been drawn. */
      screen() {
        vi.advanceTimersByTime(1000)
        return screen()
      },
    }
  }

  const bar = (done: number) => '█'.repeat(done) + '░'.repeat(24 - done)
  const film = {
    ...{ file: 'footage/film.mp4', upload_id: 'u1', asset_id: 'a1', sha256: 'digest' },
    url: `http://server/content/${'x'.repeat(80)}`,
  }
  const filmLines = [
    'Uploaded footage/film.mp4: 100 B in 1.0 s, 100 B/s',
    '  asset   a1',
    '  sha256  digest',
    `  url     ${film.url.slice(0, 70)}`,
    film.url.slice(70),
  ]

  it('are one line for each file, redrawn in place', () => {
    const { sent, screen } = show()

    for (const [film, voice] of [
      [0, 0],
      [25, 50],
      [50, 75],
    ] as const) {
      sent('footage/film.mp4', film)
      sent('voice.wav', voice)
      screen()
    }

    expect(screen()).toEqual([
      `film.mp4                 ${bar(12)}  50 % 10 B/s, 5 s left`,
      `voice.wav                ${bar(18)}  75 % 10 B/s, 5 s left`,
    ])
  })

  it('have above them what came of other files, whole, and give their line to the next', () => {
    const { view, sent, screen } = show()
    sent('footage/film.mp4', 50)
    sent('voice.wav', 75)
    screen()

    view.show({ event: 'uploaded', ...film, size: 100, resumed_size: 0, seconds: 1 })
    const between = screen()
    sent('next.mp4', 25)

    const voice = `voice.wav                ${bar(18)}  75 % 10 B/s, 5 s left`
    expect(between).toEqual([...filmLines, '', voice])
    expect(screen()).toEqual([
      ...filmLines,
      `next.mp4                 ${bar(6)}  25 % 10 B/s, 5 s left`,
      voice,
    ])
  })

  it('leave only what came of the files', () => {
    const { view, sent, screen } = show()
    sent('footage/film.mp4', 50)
    screen()

    view.show({ event: 'uploaded', ...film, size: 100, resumed_size: 0, seconds: 1 })
    view.close()

    expect(screen()).toEqual(filmLines)
  })
})
