# In the new server's container: what the old one wrote down, then all messages, queue by queue, by shovels that
# confirm each message before the old server lets go of it and keep its order and its properties.
set -eu
rabbitmqctl -q await_startup >/dev/null
chmod 755 /devenv/move
rabbitmqctl -q import_definitions /devenv/move/definitions.json >/tmp/said 2>&1 || {
  cat /tmp/said >&2
  echo "devenv: the new version does not take what the old one says: $(grep -v '^$' /tmp/said | tail -n 1)" >&2
  exit 1
}
said=$(rabbitmqctl -q eval "
$(cat <<'ERLANG'
{ok, [Queues]} = file:consult("/devenv/move/queues"),
Mover = <<"devenv-upgrade">>,
Hosts = lists:usort([Host || {Host, _, _} <- Queues]),
% Who may pass on messages that other users signed.
rabbit_auth_backend_internal:add_user(Mover, Mover, Mover),
rabbit_auth_backend_internal:set_tags(Mover, [impersonator], Mover),
[rabbit_auth_backend_internal:set_permissions(Mover, Host, <<".*">>, <<".*">>, <<".*">>, Mover) || Host <- Hosts],
Address = fun(Server, Host) ->
  iolist_to_binary(["amqp://", Mover, ":", Mover, "@", Server, ":5672/", [io_lib:format("%~2.16.0B", [Byte]) || <<Byte>> <= Host]])
end,
Named = lists:zip([iolist_to_binary(["devenv-upgrade-", integer_to_list(I)]) || I <- lists:seq(1, length(Queues))], Queues),
Begun = [{Name, rabbit_runtime_parameters:set(Host, <<"shovel">>, Name, [
    {<<"src-protocol">>, <<"amqp091">>}, {<<"src-uri">>, Address("old", Host)}, {<<"src-queue">>, Queue},
    {<<"src-prefetch-count">>, 1000}, {<<"src-delete-after">>, Many},
    {<<"dest-protocol">>, <<"amqp091">>}, {<<"dest-uri">>, Address("127.0.0.1", Host)}, {<<"dest-queue">>, Queue},
    {<<"ack-mode">>, <<"on-confirm">>}, {<<"reconnect-delay">>, 1}
  ], none)} || {Name, {Host, Queue, Many}} <- Named],
Refused = [Said || {_, Said} <- Begun, Said =/= ok],
Left = fun() -> [Item || {Name, {Host, _, _}} = Item <- Named, rabbit_runtime_parameters:lookup(Host, <<"shovel">>, Name) =/= not_found] end,
Here = fun() -> lists:sum([Many || {Host, Queue, _} <- Queues, {ok, Found} <- [rabbit_amqqueue:lookup({resource, Host, queue, Queue})], {ok, Many, _} <- [rabbit_amqqueue:stat(Found)]]) end,
Wait = fun F(Before, Still) ->
  case {Left(), Here()} of
    {[], _} -> [];
    {Open, Before} when Still > 600 -> Open;
    {_, Before} -> timer:sleep(100), F(Before, Still + 1);
    {_, Now} -> timer:sleep(100), F(Now, 0)
  end
end,
Open = case Refused of [] -> Wait(-1, 0); _ -> [] end,
[rabbit_runtime_parameters:clear(Host, <<"shovel">>, Name, Mover) || {Name, {Host, _, _}} <- Left()],
rabbit_auth_backend_internal:delete_user(Mover, Mover),
case {Refused, Open} of
  {[], []} -> ok;
  {[], _} -> {still, [{Host, Queue} || {_, {Host, Queue, _}} <- Open]};
  _ -> {refused, Refused}
end.
ERLANG
)")
[ "$said" = ok ] || { echo "devenv: messages could not be moved: $said" | tr '\n' ' ' >&2; exit 1; }
