// What node-postgres, Node and PostgreSQL say when they do not come to terms about TLS.

/** node-postgres, of a server that answers a request for TLS with no. */
const NO_TLS = /does not support SSL/
/** PostgreSQL, when pg_hba.conf wants TLS, as managed databases do. */
const WANTS_TLS = /no pg_hba\.conf entry .*no encryption/
/** node-postgres reads the files of `sslrootcert` and the like itself. */
const isUnreadable = ({ code, syscall }: NodeJS.ErrnoException): boolean =>
  syscall === 'open' && (code === 'ENOENT' || code === 'EACCES')
/** Of Node: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const OTHER_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID'
const EXPIRED = /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/
const UNKNOWN_ISSUER =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/

/**
 * What mends a connection that TLS has prevented; `undefined` when something else has.
 *
 * @param causes an error, its cause, and so on
 * @param place host and port
 */
export function tlsRemedyOf(causes: Error[], place: string): string | undefined {
  const said = (what: RegExp) => causes.some(({ message }) => what.test(message))
  const codes = causes.map((cause) => String((cause as NodeJS.ErrnoException).code))
  if (said(NO_TLS)) {
    return 'Turn on TLS in PostgreSQL (ssl = on), or take sslmode= out of PARTWAY_DATABASE_URL where the network is yours.'
  }
  if (said(WANTS_TLS)) {
    return 'Add to PARTWAY_DATABASE_URL: ?sslmode=verify-full, and &sslrootcert=/path/of/ca.pem where the issuer is no public one.'
  }
  if (causes.some(isUnreadable)) {
    return 'Set sslrootcert= in PARTWAY_DATABASE_URL to a file that the user of the server may read.'
  }
  if (codes.includes(OTHER_NAME)) {
    return `Set the host in PARTWAY_DATABASE_URL to a name that is in its certificate:\nopenssl s_client -starttls postgres -connect ${place} </dev/null | openssl x509 -noout -ext subjectAltName`
  }
  if (codes.some((code) => EXPIRED.test(code))) {
    return 'Renew the certificate of PostgreSQL, or set the clock of this machine.'
  }
  if (codes.some((code) => UNKNOWN_ISSUER.test(code))) {
    return 'Add to PARTWAY_DATABASE_URL the certificate of the issuer, as your provider offers it: &sslrootcert=/path/of/ca.pem'
  }
  return undefined
}
