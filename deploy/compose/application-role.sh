#!/bin/sh
# Runs once, when the database is made: the role of servers and workers, with its password. `migrate` gives it its rights.
set -eu
psql --username=postgres --dbname=portico --set=ON_ERROR_STOP=1 --set=password="$APP_PASSWORD" <<'END'
create role portico_app login password :'password';
END
