# Generated from devenv.toml by devenv, which writes it anew; put what is your own into [devcontainer] of devenv.toml.
# devenv:generated inputs=<digest> content=<digest>
project='shop'
ports='DEVENV_DB_PORT DEVENV_CACHE_PORT DEVENV_QUEUE_PORT DEVENV_QUEUE__MANAGEMENT_PORT DEVENV_QUEUE__PROMETHEUS_PORT'
# Before an IDE starts anything, on the host, at the root of the checkout. Nothing in here keeps anybody from working.

# Whether somebody listens on a port, as far as this system tells.
taken() {
  grep -qs ":$(printf %04X "$1") [0-9A-F]*:0000 0A" /proc/net/tcp /proc/net/tcp6 && return
  command -v nc >/dev/null 2>&1 && nc -z 127.0.0.1 "$1" >/dev/null 2>&1
}

# A second worktree of which no devenv has decided anything gets a name of its own and free ports, the same each time.
# What git keeps of it is a file there, and a folder in the first checkout.
if [ -f .git ] && [ ! -e .devenv/.env ]; then
  umask 077
  number=$(pwd | cksum | cut -d ' ' -f 1)
  port=$((20000 + number % 11000))
  {
    echo "COMPOSE_PROJECT_NAME=$project-$number"
    for name in $ports; do
      while taken "$port"; do port=$((port + 1)); done
      echo "$name=$port"
      port=$((port + 1))
    done
  } >.devenv/.env || :
fi

# Where devenv is, it says what is behind.
if command -v devenv >/dev/null 2>&1; then devenv behind; fi
exit 0
