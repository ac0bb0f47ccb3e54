create index concurrently credit_note_line_of_invoice_line on credit_note_line (customer_id, invoice_line_id) where invoice_line_id is not null;
