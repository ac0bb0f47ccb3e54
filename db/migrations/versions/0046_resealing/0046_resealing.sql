-- `./portico keys reseal` opens texts that were sealed with the previous secret of the portal and seals them with the new one, as the owner and for all customers.
create policy resealed on letter to portico_owner using (current_setting('app.actor', true) = 'RESEAL');
create policy resealed on calendar_link to portico_owner using (current_setting('app.actor', true) = 'RESEAL');
create policy resealed on webhook_endpoint to portico_owner using (current_setting('app.actor', true) = 'RESEAL');
