-- Programs of the merchant that get their tokens here. Only partners are bound to trusted documents whatever their mode says.
alter table api_client drop constraint api_client_kind_check;
alter table api_client add constraint api_client_kind_check check (kind in ('FIRST_PARTY', 'PARTNER', 'SERVICE'));
alter table api_client drop constraint api_client_check;
alter table api_client add constraint api_client_check check (kind <> 'PARTNER' or mode = 'REQUIRED');
