"""The calendar of a customer as iCalendar (RFC 5545)."""
