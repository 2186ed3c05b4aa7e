#!/bin/sh
# Sets up an S3 bucket for Partway. Needs the AWS command line; can be run again at any time.
#
#   BUCKET=media AWS_ENDPOINT_URL=https://s3.example.com AWS_REGION=… deploy/store-setup.sh
#
# Credentials come from where the AWS command line looks for them; they need to own the bucket.
set -eu
: "${BUCKET:?the bucket to set up}"
cd "$(dirname "$0")"

# Newer versions add checksums that not every store knows.
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_PAGER=

# Versions before 2.13 do not read this variable themselves.
s3() { aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} s3api "$@"; }

s3 head-bucket --bucket "$BUCKET" || s3 create-bucket --bucket "$BUCKET"
# Any origin may send to a signed URL: the signature is the permission, and no cookie goes along.
s3 put-bucket-cors --bucket "$BUCKET" --cors-configuration file://store-cors.json
# Parts of uploads that Partway no longer knows, after a restored database for instance. Longer
# than PARTWAY_UPLOAD_TTL and PARTWAY_GRACE_PERIOD together.
s3 put-bucket-lifecycle-configuration --bucket "$BUCKET" \
  --lifecycle-configuration file://store-lifecycle.json
echo "The bucket $BUCKET is ready."
