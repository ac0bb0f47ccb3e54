"""Papers for customers: invoices, credit notes, receipts and statements of account. Plain values go in, the bytes of a PDF (or CSV) come out; nothing is fetched or stored."""
