#!/bin/sh
# Sets up an S3 bucket for Partway. Needs the AWS command line; can be run again at any time.
#
#   BUCKET=media PREFIX=partway AWS_ENDPOINT_URL=https://s3.example.com AWS_REGION=… deploy/store-setup.sh
#
# PREFIX is that of PARTWAY_STORE_URL; empty when the whole bucket is Partway's. Setting rules replaces
# all that the bucket has, so the script ends where it finds others than its own, unless FORCE=1.
# Credentials come from where the AWS command line looks for them; they need to own the bucket.
set -eu
: "${BUCKET:?the bucket to set up}"
: "${PREFIX?the prefix in PARTWAY_STORE_URL, or nothing if the whole bucket is for Partway: PREFIX=}"
cd "$(dirname "$0")"

# As the server has it: one slash at the end, none at the beginning.
PREFIX=$(printf %s "$PREFIX" | sed 's,^/*,,; s,/*$,,')
PREFIX=${PREFIX:+$PREFIX/}
# It becomes part of JSON and of a query.
case $PREFIX in
*[!A-Za-z0-9/._-]*) echo "PREFIX may have letters, digits, dots, hyphens, underscores and slashes." >&2 && exit 2 ;;
esac

# Newer versions add checksums that not every store knows.
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_PAGER=

# Versions before 2.13 do not read this variable themselves.
s3() { aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} s3api "$@"; }

# Ends unless the bucket has no rules of a kind ($1, $2: how to ask for them, $3: those that are not ours).
refuse_others() {
  if ! others=$(s3 "$1" --bucket "$BUCKET" --output json --query "$3" 2>&1); then
    # Of Ceph's errors, which have no message, the command line shows nothing unless asked for all.
    case $(s3 "$1" --bucket "$BUCKET" --debug 2>&1) in
    *"<Code>$2</Code>"*) return ;;
    *) echo "$others" >&2 && exit 1 ;;
    esac
  fi
  [ "$others" = '[]' ] && return
  echo "The bucket $BUCKET has rules that are not Partway's, and they would be replaced:" >&2
  echo "$others" >&2
  echo "Nothing was changed. Add what docs/s3.md shows to them by hand, or replace them with FORCE=1." >&2
  exit 1
}

s3 head-bucket --bucket "$BUCKET" || s3 create-bucket --bucket "$BUCKET"
if [ "${FORCE:-}" != 1 ]; then
  # Not every store keeps the names of rules for CORS.
  refuse_others get-bucket-cors NoSuchCORSConfiguration \
    "CORSRules[?AllowedOrigins != \`[\"*\"]\` || sort(AllowedMethods) != \`[\"GET\",\"HEAD\",\"PUT\"]\` || !contains(not_null(ExposeHeaders, \`[]\`), 'ETag')]"
  refuse_others get-bucket-lifecycle-configuration NoSuchLifecycleConfiguration \
    "Rules[?ID != 'abort-orphaned-uploads' || not_null(Filter.Prefix, Prefix, '') != '$PREFIX']"
fi
# Any origin may send to a signed URL: the signature is the permission, and no cookie goes along.
s3 put-bucket-cors --bucket "$BUCKET" --cors-configuration file://store-cors.json
# Parts of uploads that Partway no longer knows, after a restored database for instance. Longer
# than PARTWAY_UPLOAD_TTL and PARTWAY_GRACE_PERIOD together. Below the prefix only: elsewhere in the
# bucket, uploads are others'.
s3 put-bucket-lifecycle-configuration --bucket "$BUCKET" --lifecycle-configuration '{
  "Rules": [
    {
      "ID": "abort-orphaned-uploads",
      "Status": "Enabled",
      "Filter": { "Prefix": "'"$PREFIX"'" },
      "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 3 }
    }
  ]
}'
echo "The bucket $BUCKET is ready."
