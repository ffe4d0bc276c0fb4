# Everything that this version can do, switched on: the next one starts only then.
set -eu
rabbitmqctl -q await_startup >/dev/null
if [ "$DEVENV_NEXT_MAJOR" = 4 ] && rabbitmqctl -q list_feature_flags name state | grep -q '^khepri_db[[:space:]]*enabled' && rabbitmqctl -q version | grep -q '^3'; then
  echo 'devenv: its data is in Khepri, which RabbitMQ 4 does not read from RabbitMQ 3: devenv up --fresh starts empty' >&2
  exit 1
fi
rabbitmqctl -q enable_feature_flag all
