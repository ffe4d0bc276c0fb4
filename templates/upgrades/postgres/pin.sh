# In the old server's container, before anything else: every function gets a search_path. On the copy alone.
set -eu
find_role
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$role" "$@"; }
bases=$(ask -d postgres -c 'SELECT datname FROM pg_database WHERE datallowconn')
IFS='
'
for base in $bases; do
  ask -d "$base" -c "$PIN"
done
