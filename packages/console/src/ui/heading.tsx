import { useEffect } from 'preact/hooks'

/** The heading of a view, which the focus goes to, and the title of the page while it is `shown`. */
export function Heading({ text, shown = true }: { text: string; shown?: boolean }) {
  useEffect(() => {
    if (shown) document.title = `${text} · Partway`
  }, [text, shown])
  return <h1 tabIndex={-1}>{text}</h1>
}
