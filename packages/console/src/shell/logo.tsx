/** Chunks, part of them there. */
export const Logo = () => (
  <svg class="logo" viewBox="0 0 22 22" aria-hidden="true" focusable="false">
    {Array.from({ length: 9 }, (_, i) => (
      <rect
        key={i}
        class={i < 6 ? 'done' : ''}
        x={1 + (i % 3) * 7}
        y={1 + Math.floor(i / 3) * 7}
        width="6"
        height="6"
        rx="1.5"
      />
    ))}
  </svg>
)
