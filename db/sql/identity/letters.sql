-- name: letters.write
-- returns: nothing
insert into letter (id, customer_id, kind, sealed, written_at, send_at) values (:id, :customer_id, :kind, :sealed, :now, :now)

-- name: letters.take_on
-- returns: SealedLetter
-- Take letters that are due, of all customers, or the letter with the id. They are reserved for the caller for a minute; at later tries for two, four, … up to an hour.
update letter set tries = tries + 1, send_at = cast(:now as timestamptz) + least(interval '1 minute' * power(2, tries), interval '1 hour')
 where id in (select id from letter where send_at <= :now and (cast(:id as text) is null or id = :id) order by send_at, id limit :wanted for update skip locked)
returning id, kind, sealed, written_at

-- name: letters.done
-- returns: nothing
delete from letter where id = :id
