# What a node holds: of every index how many documents, shards and fields it has; aliases. Indices whose names begin
# with a dot are the server's own, those of data streams excepted. No awk: not every image has it.
set -eu
work=$(mktemp -d)
ask() {
  if ! curl -sS --fail ${DEVENV_LOGIN:+--user "$DEVENV_LOGIN"} "http://127.0.0.1:9200/$1" >"$work/said" 2>"$work/error"; then
    echo "devenv: the server does not answer to ${1%%\?*}: $(tail -n 1 "$work/error")" >&2
    exit 1
  fi
}
ask '_cluster/health?wait_for_status=yellow&timeout=300s'
ask '_refresh'
ask '_cat/indices?h=index,status,docs.count,pri&s=index'
cp "$work/said" "$work/indices"
count=0
while read -r index rest; do
  case $index in .ds-*) ;; .* | '') continue ;; esac
  ask "$index/_mapping"
  printf 'index %s\t%s, %s fields\n' "$index" "$(echo $rest)" "$(grep -o '"type"' "$work/said" | wc -l | tr -d ' ')"
  count=$((count + 1))
done <"$work/indices"
printf 'indices\t%s\n' "$count"
ask '_cat/aliases?h=alias,index&s=alias,index'
while read -r alias index; do
  case $alias in .* | '') continue ;; esac
  printf 'alias %s of %s\tis there\n' "$alias" "$index"
done <"$work/said"
rm -r "$work"
echo '# end'
