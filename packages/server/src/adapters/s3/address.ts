import type { Bucket, S3StoreOptions } from './bucket.ts'

/** Where URLs of a bucket lead. */
export interface BucketAddress {
  /** Scheme, host and port. */
  origin: string
  /** What comes before the slash of a key: the bucket, where it is not in the host. */
  root: string
}

/** The address that clients reach a bucket at, by the rules of the SDK: in the host or in the path. */
export function addressOf(
  { client, bucket }: Bucket,
  {
    region,
    pathStyle,
    endpoint,
    publicEndpoint,
  }: Pick<S3StoreOptions, 'region' | 'pathStyle' | 'endpoint' | 'publicEndpoint'>,
): BucketAddress {
  const at = publicEndpoint ?? endpoint
  const { url } = client.config.endpointProvider({
    ...{ Bucket: bucket, Region: region, ForcePathStyle: pathStyle },
    ...{ UseFIPS: false, UseDualStack: false },
    ...(at === undefined ? {} : { Endpoint: at }),
  })
  return { origin: url.origin, root: url.pathname.replace(/\/$/, '') }
}
