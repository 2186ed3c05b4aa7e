import { Component, type ComponentChildren } from 'preact'
import { ErrorNote } from '../ui/error-note.tsx'
import { Heading } from '../ui/heading.tsx'

/** A defect in one view leaves the others alone, and is never a blank page. */
export class ErrorBoundary extends Component<
  { children: ComponentChildren },
  { error: unknown; failed: boolean }
> {
  override state = { error: undefined as unknown, failed: false }

  static override getDerivedStateFromError(error: unknown) {
    return { error, failed: true }
  }

  override componentDidCatch(error: unknown): void {
    console.error(error)
  }

  override render() {
    if (!this.state.failed) return this.props.children
    return (
      <section class="view">
        <Heading text="Something broke" />
        <ErrorNote
          error={this.state.error}
          what="This part of the page has a defect"
          onRetry={() => this.setState({ error: undefined, failed: false })}
        />
      </section>
    )
  }
}
