"""Storage of attachments: a bucket on disk or an S3 bucket, and the inspection of uploaded bytes."""
