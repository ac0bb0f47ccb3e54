create unique index concurrently customer_of_address on customer (email_key) where not shares_email;
