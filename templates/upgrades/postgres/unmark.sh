# In the old server's container, before pg_upgrade: 17.12 marks every column in a way that its own pg_dump hides, and
# that the pg_dump and the server of releases of before do not know. On the copy alone.
set -eu
find_role
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$role" "$@"; }
bases=$(ask -d postgres -c 'SELECT datname FROM pg_database WHERE datallowconn')
IFS='
'
for base in $bases; do
  ask -d "$base" <<'SQL'
UPDATE pg_attribute SET attoptions = nullif(ARRAY(SELECT option FROM unnest(attoptions) option WHERE option !~ '^pg_attver='), '{}')
  WHERE EXISTS (SELECT FROM unnest(attoptions) option WHERE option ~ '^pg_attver=');
SQL
done
