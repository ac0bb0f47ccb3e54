-- Entries of the rows of before. Entries that triggers wrote meanwhile are newer. Read as the audit reads, because row security is forced on the owner too.
insert into search_entry
select c.id, c.id, search_words(c.name, c.company_name, c.email, c.external_id) from customer c
 union all
select i.id, i.customer_id, search_words(i.number) from invoice i
 union all
select m.id, m.customer_id, search_words(m.last4) from payment_method m where m.last4 is not null and m.deleted_at is null
    on conflict (object_id) do nothing;
