# Whether the version that comes last opens every index: a major opens what it and the one before it made. OpenSearch 1
# came after Elasticsearch 7, so that it counts as 7 here, and what OpenSearch makes is marked by a high bit.
set -eu
work=$(mktemp -d)
ask() {
  if ! curl -sS --fail ${DEVENV_LOGIN:+--user "$DEVENV_LOGIN"} "$@" >"$work/said" 2>"$work/error"; then
    echo "devenv: the server does not answer: $(tail -n 1 "$work/error")" >&2
    exit 1
  fi
}
host=http://127.0.0.1:9200
last=${DEVENV_NEXT%%.*}
[ "$DEVENV_NEXT_KIND" = elasticsearch ] || last=$((last + 6))
ask "$host/_all/_settings/index.version.created?flat_settings=true&expand_wildcards=all&pretty"
index='' old=''
while IFS='"' read -r _ key _ value _; do
  case $key in
    index.version.created)
      high=134217728
      if [ "$value" -ge "$high" ]; then made=$(((value - high) / 1000000 + 6)); else made=$((value / 1000000)); fi
      case $index in .ds-*) ;; .*) continue ;; esac
      [ "$made" -ge $((last - 1)) ] || old="$old, $index"
      ;;
    settings | '') ;;
    *) index=$key ;;
  esac
done <"$work/said"
if [ -n "$old" ]; then
  echo "devenv: $DEVENV_NEXT does not open what was made two majors before it: reindex or delete ${old#, } first" >&2
  exit 1
fi
# What Elasticsearch keeps for itself it reindexes itself, when it is told to.
[ "$DEVENV_KIND" = elasticsearch ] || exit 0
case $DEVENV_VERSION in 7.17* | 8.1[89]*) ;; *) exit 0 ;; esac
[ "${DEVENV_VERSION%%.*}" != "$last" ] || exit 0
ask "$host/_migration/system_features"
if ! grep -q '"migration_status":"NO_MIGRATION_NEEDED"}*$' "$work/said"; then
  ask -X POST "$host/_migration/system_features"
  left=600
  until ask "$host/_migration/system_features" && ! grep -Eq '"migration_status":"(IN_PROGRESS|MIGRATION_NEEDED)"' "$work/said"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo 'devenv: its own indices are not ready for the next major' >&2; exit 1; }
    sleep 1
  done
  ! grep -q '"migration_status":"ERROR"' "$work/said" || { echo 'devenv: its own indices cannot be made ready for the next major' >&2; exit 1; }
fi
rm -r "$work"
