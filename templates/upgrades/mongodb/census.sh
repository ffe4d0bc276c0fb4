# What a server holds: for every collection how many documents and indexes it has and MongoDB's own hash of it, the same
# from any version; views, users and roles.
set -eu
work=$(mktemp -d)
key=''
[ ! -f /tmp/devenv-mongodb-key ] || key=$(cat /tmp/devenv-mongodb-key)
# What MongoDB keeps of a time series lies otherwise in other versions: its documents are counted by the view of it.
if ! "$(command -v mongosh || command -v mongo)" --quiet --norc --host 127.0.0.1 --eval '
  if ("'"$key"'" && !db.getSiblingDB("local").auth("__system", "'"$key"'")) { throw new Error("not let in"); }
  var lines = [];
  var say = function (name, value) { lines.push(name.replace(/[\t\r\n]/g, " ") + "\t" + value); };
  var done = function (answer) { if (answer.ok !== 1) { throw new Error(answer.errmsg); } return answer; };
  // Loops, not callbacks: mongosh waits for nothing that is asked for in those.
  var databases = done(db.adminCommand({listDatabases: 1, nameOnly: true})).databases;
  for (var i = 0; i < databases.length; i++) {
    var base = databases[i].name;
    if (base === "admin" || base === "config" || base === "local") { continue; }
    var own = db.getSiblingDB(base);
    var sums = done(own.runCommand({dbHash: 1})).collections;
    var infos = own.getCollectionInfos();
    for (var j = 0; j < infos.length; j++) {
      var info = infos[j];
      if (/^system\./.test(info.name)) { continue; }
      var name = info.type + " " + base + "." + info.name;
      if (info.type === "view") { say(name, info.options.viewOn); continue; }
      var count = own.getCollection(info.name).countDocuments({});
      if (info.type === "timeseries") { say(name, count); continue; }
      say(name, count + " " + sums[info.name] + " " + own.getCollection(info.name).getIndexes().length);
    }
  }
  var admin = db.getSiblingDB("admin");
  say("users", admin.getCollection("system.users").countDocuments({}));
  say("roles", admin.getCollection("system.roles").countDocuments({}));
  lines.sort();
  print(lines.join("\n"));
' </dev/null >"$work/said" 2>"$work/error"; then
  echo "devenv: the server does not say what it holds: $(tail -n 1 "$work/error") $(tail -n 1 "$work/said")" >&2
  exit 1
fi
grep '	' "$work/said"
rm -r "$work"
echo '# end'
