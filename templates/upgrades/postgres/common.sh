# What the scripts here have in common: who may come in, and functions that need a search_path.
set -eu
# A database or a role may be set to read only; what is done here writes all the same.
export PGOPTIONS='-c default_transaction_read_only=off'

# What a script ends with where this way does not work for this data, and another one may.
OTHER_WAY=9

# Sets role to one that is let in over the socket. Never asks for a password: what would answer is the rest of the script.
find_role() {
  for role in "$DEVENV_USER" postgres; do
    psql -wXAtqU "$role" -d postgres -c 'SELECT' >/dev/null 2>&1 && return
  done
  echo "devenv: pg_hba.conf lets nobody in over the socket without a password: give it 'local all all trust' as its first line" >&2
  exit 1
}

# Functions are written for the search_path of those who call them. pg_dump, pg_restore and pg_upgrade call them with an
# empty one, the census calls those of indexes with its own, and PostgreSQL 17 makes indexes with an empty one. Until the
# data is moved, each function without a search_path has this one: its owner's, then its own schema, then every other
# schema. devenv.pinned marks it.
PIN=$(cat <<'SQL'
WITH path AS (
  SELECT p.oid, coalesce(
      (SELECT substring(item FROM '^search_path=(.*)') FROM pg_db_role_setting s, unnest(s.setconfig) item
        WHERE item ~ '^search_path=' AND s.setrole IN (0, p.proowner)
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1),
      (SELECT reset_val FROM pg_settings WHERE name = 'search_path')) AS callers
  FROM pg_proc p),
schemas AS (
  SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
UPDATE pg_proc p SET proconfig = coalesce(proconfig, '{}') || ARRAY['devenv.pinned=on', 'search_path=' || concat_ws(', ',
    nullif(regexp_replace(path.callers, '"?\$user"?', quote_ident(pg_get_userbyid(p.proowner)), 'g'), ''),
    quote_ident(n.nspname), (SELECT string_agg(name, ', ' ORDER BY name) FROM schemas WHERE name <> quote_ident(n.nspname)))]
FROM path, pg_namespace n, pg_language l
WHERE path.oid = p.oid AND n.oid = p.pronamespace AND l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c') AND p.prokind = 'f'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) item WHERE item ~ '^search_path=');
SQL
)
