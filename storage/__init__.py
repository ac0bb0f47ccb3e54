"""Where the bytes of attachments are: a bucket on disk or one that speaks S3, and what bytes really are."""
