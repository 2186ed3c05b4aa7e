export interface StreamEvent {
  /** `message` where the stream does not say. */
  event: string
  data: string
  /** The last one that was given, also by an earlier event. */
  id: string
}

/**
 * Cuts a stream of text into events (HTML standard, section 9.2.6 "Interpreting an event
 * stream"). Fed pieces as they come, wherever they are cut.
 */
export function createEventParser(): (piece: string) => StreamEvent[] {
  let rest = ''
  let id = ''
  let event = ''
  let data: string[] = []
  let seenFirst = false

  function line(text: string, out: StreamEvent[]): void {
    if (text === '') {
      if (data.length > 0) out.push({ event: event || 'message', data: data.join('\n'), id })
      event = ''
      data = []
      return
    }
    const colon = text.indexOf(':')
    if (colon === 0) return
    const field = colon === -1 ? text : text.slice(0, colon)
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
  }

  return (piece) => {
    const out: StreamEvent[] = []
    rest += piece
    if (!seenFirst && rest !== '') {
      seenFirst = true
      rest = rest.replace(/^\ufeff/, '')
    }
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(rest)
      if (!end) return out
      line(rest.slice(0, end.index), out)
      rest = rest.slice(end.index + end[0].length)
    }
  }
}
