"""Functions that take a whole row, while columns are added to its table."""

# Make a text again of a body that Postgres keeps parsed: the minor releases from 15.20 on refuse `alter table … add column … default …` while a parsed body, as that of revision
# 0024, uses the row type of the table. All names in the text are qualified, because the search path is empty meanwhile.
UNBIND_ROWS = """
do $do$
declare
  bound record;
  path constant text := current_setting('search_path');
begin
  for bound in
    select p.oid
      from pg_proc p
     where p.pronamespace = to_regnamespace('portico') and p.prokind = 'f' and p.prosqlbody is not null
       and exists (select from unnest(p.proargtypes) a join pg_type t on t.oid = a where t.typtype = 'c')
  loop
    perform set_config('search_path', '', true);
    execute replace(pg_get_functiondef(bound.oid), pg_get_function_sqlbody(bound.oid),
                    format('as %L', 'select' || substr(pg_get_function_sqlbody(bound.oid), length('RETURN') + 1)));
    perform set_config('search_path', path, true);
  end loop;
end $do$"""
