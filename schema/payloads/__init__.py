"""What mutations and previews take and answer, one file per noun."""
