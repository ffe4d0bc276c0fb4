# Everything on the disk before the server ends, whatever its save points are.
set -eu
[ -n "${REDISCLI_AUTH:-}" ] || unset REDISCLI_AUTH
if [ "$("$DEVENV_CLI" --no-auth-warning CONFIG GET appendonly | tail -n 1)" != yes ]; then
  [ "$("$DEVENV_CLI" --no-auth-warning SAVE)" = OK ]
fi
