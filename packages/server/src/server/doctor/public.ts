import { type Finding, within } from '../../adapters/finding.ts'

/** Whether a server can be reached where clients are sent to. */
export async function probePublicUrl(publicUrl: string): Promise<Finding> {
  const check = 'server'
  const url = `${publicUrl}/ready`
  try {
    const { status, body } = await within(async (signal) => {
      const response = await fetch(url, { redirect: 'manual', signal })
      return { status: response.status, body: await response.text() }
    })
    const ours = /^\{"status":"ok"\}$/.test(body)
    if (status === 200 && ours) return { check, outcome: 'ok', found: `${url} answers: ready` }
    if (status === 503 && body.includes('service_unavailable')) {
      const found = `${url} answers that its database or store cannot be used`
      return { check, outcome: 'failed', found, remedy: 'journalctl -u partway -n 50' }
    }
    const found = `${url} is answered with ${status}, and not by Partway`
    const remedy = `Let the proxy lead all paths of PARTWAY_PUBLIC_URL to the server:\ncurl -i ${url}`
    return { check, outcome: 'failed', found, remedy }
  } catch (error) {
    const found = `${url} does not answer: ${reasonOf(error)}`
    const remedy = `partway serve      # or, if it runs: curl -v ${url}`
    return { check, outcome: 'warning', found, remedy }
  }
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as {
    cause?: { code?: string; message?: string }
    message: string
  }
  return cause?.code ?? cause?.message ?? message
}
