# Generated from devenv.toml by devenv, which writes it anew; put what is your own into [devcontainer] of devenv.toml.
# devenv:generated inputs=<digest> content=<digest>
if read -r line <"$0" && [ "$line" != "${line%"$(printf '\r')"}" ]; then echo "$0 has Windows line endings, which no shell reads. Check it out again: rm -r .devcontainer/back && git -c core.autocrlf=false checkout -- .devcontainer/back" >&2; exit 1; fi #
project='shop'
user='work'
ports='DEVENV_DB_PORT=3306 DEVENV_CACHE_PORT=6379 DEVENV_BUS_PORT=4222 DEVENV_BUS__MONITOR_PORT=8222'
# Before an IDE starts anything, on the host, at the root of the checkout. Nothing in here keeps anybody from working.
here=$(pwd)
number=$(echo "$here" | cksum | cut -d ' ' -f 1)

# Whether somebody listens on a port, as far as this system tells, who is not this checkout's own service.
taken() {
  if listens "$1"; then ! ours "$1"; else false; fi
}
listens() {
  grep -qs ":$(printf %04X "$1") [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6 && return
  command -v nc >/dev/null 2>&1 && nc -z 127.0.0.1 "$1" >/dev/null 2>&1
}
ours() {
  docker ps --quiet --filter "label=com.docker.compose.project.working_dir=$here/.devenv" --filter "publish=$1" 2>/dev/null |
    grep -q .
}

# Variables with ports that are free, the same each time: the one that is wanted, unless $1 says otherwise.
free_ports() {
  port=$((20000 + number % 11000))
  for wish in $ports; do
    wanted=${wish#*=}
    if [ "$1" = wanted ] && ! taken "$wanted"; then
      echo "$wish"
      continue
    fi
    while taken "$port"; do port=$((port + 1)); done
    echo "${wish%%=*}=$port"
    port=$((port + 1))
  done
}

# Whether another checkout has the project's name on this engine: by its containers, or by data that devenv made for it.
held() {
  label=label=com.docker.compose.project=$project
  {
    docker ps --all --filter "$label" --format '{{.Label "com.docker.compose.project.working_dir"}}'
    docker volume ls --filter "$label" --format '{{.Label "devenv.root"}}/.devenv'
  } 2>/dev/null | while read -r folder; do
    if elsewhere "$folder"; then echo "$folder"; fi
  done | grep -q .
}
# A folder that is gone may have been moved here; one where nobody may look is another user's.
elsewhere() {
  if [ "$1" -ef .devenv ]; then false; else [ -e "$1" ] || LC_ALL=C ls -d "$1" 2>&1 | grep -q denied; fi
}

# In a second worktree .git is a file that names a folder in the first one. A submodule has such a file too.
common=
if [ -f .git ]; then
  read -r word folder <.git || :
  case "$word $folder" in
    "gitdir: "*/worktrees/*) common=${folder%/worktrees/*} ;;
    # Its data in the parent names the checkout by a relative path, which leads elsewhere in a workspace.
    "gitdir: "*/modules/*)
      echo "note: this checkout is a submodule, and git does not work in its workspace" >&2
      echo "  use git on the host, or clone the submodule by itself and open that" >&2
      ;;
  esac
fi

umask 077
# Where no devenv has decided anything, a second checkout gets a name of its own, and every checkout ports that are free.
if [ ! -e .devenv/.env ]; then
  if [ -n "$common" ] || held; then
    { echo "COMPOSE_PROJECT_NAME=$project-$number" && free_ports others; } >.devenv/.env || :
  else
    found=$(free_ports wanted)
    [ "$(echo $found)" = "$ports" ] || echo "$found" >.devenv/.env || :
  fi
fi

# Git works in the workspace of a second worktree if it finds that folder where the file says.
if [ -n "$common" ] && ! grep -qs ^DEVENV_GIT_ .devenv/.env; then
  case "$common" in /*) place=$common ;; *) place=/workspaces/$project/$common ;; esac
  folder=$(cd "$common" && pwd)
  for variable in "DEVENV_GIT_FOLDER=$folder" "DEVENV_GIT_PLACE=$place"; do
    echo "${variable%%=*}='$(echo "${variable#*=}" | sed "s/'/\\\\'/g")'"
  done >>.devenv/.env || :
fi

# Where everything belongs to root, so does what is written here; the workspace's user is another.
if [ "$(id -u)" = 0 ] && [ -O . ] && [ "$user" != root ]; then
  echo "note: this checkout belongs to root, and the workspace's user $user cannot write to it" >&2
  echo "  give it to the user who works in it, or set user = \"root\" in [devcontainer] of devenv.toml" >&2
fi

# Where devenv is, it says what is behind.
if command -v devenv >/dev/null 2>&1; then devenv behind; fi
exit 0
