# Everything on the disk before the server ends, whatever its save points are.
set -eu
[ -n "${REDISCLI_AUTH:-}" ] || unset REDISCLI_AUTH
ask() { "$DEVENV_CLI" --no-auth-warning "$@"; }
if [ "$(ask CONFIG GET appendonly | tail -n 1)" != yes ]; then
  tries=0
  # Refused while the server saves by itself.
  until said=$(ask SAVE) && [ "$said" = OK ]; do
    tries=$((tries + 1))
    case "$said" in *progress*) ;; *) tries=999 ;; esac
    if [ "$tries" -gt 600 ]; then
      echo "devenv: the data cannot be saved: $said" >&2
      exit 1
    fi
    sleep 1
  done
fi
