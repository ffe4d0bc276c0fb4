# Everything that this version can do, switched on: the next one starts only then.
set -eu
rabbitmqctl -q await_startup >/dev/null
have=$(rabbitmqctl -q version)
flags=$(rabbitmqctl -q list_feature_flags name state)
case "$DEVENV_NEXT_MAJOR $have" in
  '4 3.'*)
    if printf '%s\n' "$flags" | awk '$1 == "khepri_db" && $2 == "enabled" { found = 1 } END { exit !found }'; then
      echo 'devenv: its data is in Khepri, which RabbitMQ 4 does not read from RabbitMQ 3: devenv up --fresh starts empty' >&2
      exit 1
    fi
    ;;
esac
# rabbitmqctl knows the word in later releases only than the node does.
rabbitmqctl -q enable_feature_flag all >/dev/null 2>&1 || rabbitmqctl -q eval 'ok = rabbit_feature_flags:enable_all().' >/dev/null
