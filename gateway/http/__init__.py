"""HTTP messages: requests, responses, headers, statuses and multipart bodies."""
