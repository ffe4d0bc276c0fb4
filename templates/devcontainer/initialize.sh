# Before an IDE starts anything, on the host, at the root of the checkout. Nothing in here keeps anybody from working.

# A second worktree of which no devenv has decided anything gets a name of its own and whichever ports are free. What git
# keeps of it is a file there, and a folder in the first checkout.
if [ -f .git ] && [ ! -e .devenv/.env ]; then
  umask 077
  {
    echo "COMPOSE_PROJECT_NAME=$project-$(pwd | cksum | cut -d ' ' -f 1)"
    for port in $ports; do echo "$port=0"; done
  } >.devenv/.env || :
fi

# Where devenv is, it says what is behind.
if command -v devenv >/dev/null 2>&1; then devenv behind; fi
exit 0
