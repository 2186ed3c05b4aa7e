import { once } from 'node:events'
import { isIP, connect as open, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'
import type { IsOpen } from './addresses.ts'
import { badCertificate, closedAddress } from './errors.ts'
import { type Answer, hostOf } from './target.ts'

/** How long one of several addresses is tried before the next. Node's 250 ms are few from afar. */
const ATTEMPT_MS = 3000

/**
 * A connection to the URL's host at one of `answers` and nowhere else, with TLS for https. It is
 * closed when `signal` aborts.
 *
 * @throws SourceError, or as `node:net` and `node:tls` do
 */
export async function connect(
  url: URL,
  answers: Answer[],
  isOpen: IsOpen,
  signal: AbortSignal,
): Promise<Socket> {
  const host = hostOf(url)
  const isSecure = url.protocol === 'https:'
  const socket = open({
    host,
    port: Number(url.port || (isSecure ? 443 : 80)),
    // Not called when the host is an address; asks nobody when it is a name.
    lookup: (_host, { all }, answer) => {
      if (all) answer(null, answers)
      else answer(null, answers[0]!.address, answers[0]!.family)
    },
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
  })
  await ready(socket, 'connect', signal)
  // Has to be one of the answers. Should it ever not be, nothing was sent yet.
  if (!socket.remoteAddress || !isOpen(socket.remoteAddress)) {
    socket.destroy()
    throw closedAddress(url.host)
  }
  return isSecure ? handshake(socket, host, url.host, signal) : socket
}

async function handshake(
  socket: Socket,
  host: string,
  name: string,
  signal: AbortSignal,
): Promise<Socket> {
  // A name with a dot at its end is a good name, but not in SNI (RFC 6066 section 3).
  const servername = host.replace(/\.$/, '')
  const encrypted = secure({
    socket,
    host: servername,
    ...(isIP(host) ? {} : { servername }),
    ALPNProtocols: ['http/1.1'],
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
    rejectUnauthorized: true,
  })
  try {
    await ready(encrypted, 'secureConnect', signal)
  } catch (error) {
    socket.destroy()
    const reason = encrypted.authorizationError
    throw reason ? badCertificate(name, reason, error) : error
  }
  return encrypted
}

/** Waits for the event; from here on the socket closes with the signal, and fails quietly. */
async function ready(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  socket.on('error', () => {})
  signal.addEventListener('abort', () => socket.destroy())
  if (signal.aborted) socket.destroy()
  await once(socket, event, { signal })
}
