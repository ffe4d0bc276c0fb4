# Raises the feature compatibility version to the server's own: the next major opens nothing else. The member of a
# replica set takes that only once it is its primary.
set -eu
key=''
[ ! -f /tmp/devenv-mongodb-key ] || key=$(cat /tmp/devenv-mongodb-key)
said=$(mktemp)
if ! "$(command -v mongosh || command -v mongo)" --quiet --norc --host 127.0.0.1 --eval '
  if ("'"$key"'" && !db.getSiblingDB("local").auth("__system", "'"$key"'")) { throw new Error("not let in"); }
  var waited = 0;
  while (!db.adminCommand({isMaster: 1}).ismaster) {
    if (++waited > 600) { throw new Error("it does not become the primary of its replica set"); }
    sleep(200);
  }
  var answer = db.adminCommand({setFeatureCompatibilityVersion: "'"$DEVENV_FCV"'"'"$DEVENV_CONFIRM"'});
  if (answer.ok !== 1) { throw new Error(answer.errmsg); }
  var now = db.adminCommand({getParameter: 1, featureCompatibilityVersion: 1}).featureCompatibilityVersion.version;
  if (now !== "'"$DEVENV_FCV"'") { throw new Error("it stays " + now); }
' </dev/null >"$said" 2>&1; then
  echo "devenv: the feature compatibility version cannot be raised to $DEVENV_FCV: $(grep -m 1 Error "$said" || tail -n 1 "$said")" >&2
  exit 1
fi
rm "$said"
