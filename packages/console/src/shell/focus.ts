/**
 * Browsers give the focus to nothing where what has it is taken away, and the keyboard then begins at
 * the top of the page. Here the heading of the view gets it; what was only moved gets it back.
 */
export function keepFocus(main: HTMLElement): () => void {
  let last: HTMLElement | undefined
  const note = ({ target }: Event) => {
    last = target as HTMLElement
    // Uppy looks after its own.
    if (last.closest('.uppy-Root')) last = undefined
  }
  // A click beside it takes the focus away, too, and means it.
  const forget = () => {
    last = undefined
  }
  const watcher = new MutationObserver((changes) => {
    const gone = last
    if (!gone || document.activeElement !== document.body) return
    const wasTaken = changes.some(({ removedNodes }) =>
      [...removedNodes].some((node) => node.contains(gone)),
    )
    if (wasTaken) (gone.isConnected ? gone : headingIn(main)).focus({ preventScroll: true })
  })
  main.addEventListener('focusin', note)
  main.addEventListener('pointerdown', forget, { capture: true })
  watcher.observe(main, { childList: true, subtree: true })
  return () => {
    main.removeEventListener('focusin', note)
    main.removeEventListener('pointerdown', forget, { capture: true })
    watcher.disconnect()
  }
}

/** Of the view that is shown. */
export const headingIn = (main: HTMLElement): HTMLElement =>
  main.querySelector<HTMLElement>('section:not([hidden]) h1') ?? main
