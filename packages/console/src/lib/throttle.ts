/** Calls at once and then at most so often, the last time always. */
export function createThrottle(run: () => void, pauseMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again = false
  const call = () => {
    if (timer !== undefined) {
      again = true
      return
    }
    run()
    timer = setTimeout(() => {
      timer = undefined
      if (again) call()
      again = false
    }, pauseMs)
  }
  return { call, stop: () => clearTimeout(timer) }
}
