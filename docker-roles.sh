#!/bin/sh
# Makes the two database roles of docker-compose.yml: songnuan_owner owns the tables and migrates them, songnuan_app owns
# nothing. PostgreSQL's image runs it when it makes a new volume; on an older volume run it once, then `songnuan migrate`:
#   docker compose exec postgres sh /docker-entrypoint-initdb.d/10-roles.sh
set -eu
psql -v ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v owner="$OWNER_PASSWORD" -v application="$APPLICATION_PASSWORD" <<'SQL'
SELECT 'CREATE ROLE ' || name || ' LOGIN' FROM (VALUES ('songnuan_owner'), ('songnuan_app')) AS role (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE songnuan_owner PASSWORD :'owner';
ALTER ROLE songnuan_app PASSWORD :'application';
GRANT songnuan_app TO songnuan_owner;
SELECT format('ALTER DATABASE %I OWNER TO songnuan_owner', current_database()) \gexec
SELECT format('ALTER %s %s OWNER TO songnuan_owner', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
        AND deptype IN ('a', 'i', 'e')) \gexec
SELECT format('ALTER FUNCTION %s OWNER TO songnuan_owner', oid::regprocedure)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend
    WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e') \gexec
SQL
