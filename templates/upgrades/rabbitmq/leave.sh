# In the old server's container: all that is not messages, written down as the new version takes it; and an account of
# the move's own, on the copy alone, which may read every queue.
set -eu
rabbitmqctl -q await_startup >/dev/null
folder=$(mktemp -d)
chmod 777 "$folder"
said=$(rabbitmqctl -q eval "$STAT
Left = $DEVENV_LEFT, Unmoved = $DEVENV_UNMOVED, Folder = \"$folder\",
$(cat <<'ERLANG'
All = rabbit_definitions:all_definitions(),
Hosts = [maps:get(<<"name">>, Item) || Item <- maps:get(vhosts, All)],
Text = fun(Parts) -> [re:replace(Part, "[\\t\\r\\n]", "?", [global, {return, binary}]) || Part <- Parts] end,
Queues = [Q || Host <- Hosts, Q <- rabbit_amqqueue:list(Host), amqqueue:is_durable(Q)],
Full = [{Host, Name, amqqueue:get_type(Q), Many} || Q <- Queues, {resource, Host, queue, Name} <- [amqqueue:get_name(Q)],
  Many <- [Stat(Q)], Many > 0],
% What a stream's own count says is nothing for a while after the start; what its files hold is not.
Holds = fun(Q) ->
  {ok, Base} = application:get_env(osiris, data_dir),
  Files = filelib:wildcard(filename:join([Base, maps:get(name, amqqueue:get_type_state(Q)), "*.segment"])),
  lists:any(fun(F) -> filelib:file_size(F) > 8 end, Files)
end,
Streams = [["devenv: the stream ", Text([Name]), " in ", Text([Host]), " holds messages, which cannot be moved from server to server: delete it\n"]
  || Q <- Queues, amqqueue:get_type(Q) =:= rabbit_stream_queue, Holds(Q), {resource, Host, queue, Name} <- [amqqueue:get_name(Q)]],
Keep = fun(Item) -> maps:without(Left, maps:get(<<"definition">>, Item)) end,
Policies = maps:get(policies, All),
Mirrors = [["note: the policy ", Text([maps:get(<<"name">>, P)]), " in ", Text([maps:get(<<"vhost">>, P)]), " lost what mirrors queues: the new version has no mirrored queues, quorum queues take their place\n"]
  || P <- Policies, Keep(P) =/= maps:get(<<"definition">>, P)],
{Out, Parameters} = lists:partition(fun(P) -> lists:member(maps:get(<<"component">>, P), Unmoved) end, maps:get(parameters, All)),
Links = [["note: the ", Text([maps:get(<<"component">>, P)]), " ", Text([maps:get(<<"name">>, P)]), " in ", Text([maps:get(<<"vhost">>, P)]), " was left out: set it again where it is wanted\n"] || P <- Out],
Delayed = [["note: what the exchange ", Text([maps:get(<<"name">>, E)]), " in ", Text([maps:get(<<"vhost">>, E)]), " holds back for later was left out\n"]
  || E <- maps:get(exchanges, All), lists:member(maps:get(<<"type">>, E), ['x-delayed-message', <<"x-delayed-message">>])],
Times = [["note: messages in ", Text([Name]), " in ", Text([Host]), " that end by time begin anew\n"] || Q <- Queues,
  {resource, Host, queue, Name} <- [amqqueue:get_name(Q)], {H, N, _, _} <- Full, H =:= Host, N =:= Name,
  lists:keymember(<<"x-message-ttl">>, 1, amqqueue:get_arguments(Q)) orelse rabbit_policy:get(<<"message-ttl">>, Q) =/= undefined],
Given = All#{
  policies => [P#{<<"definition">> => Keep(P)} || P <- Policies, map_size(Keep(P)) > 0],
  parameters => Parameters,
  global_parameters => [P || P <- maps:get(global_parameters, All),
    not lists:member(iolist_to_binary(io_lib:format("~ts", [maps:get(<<"name">>, P)])), [<<"internal_cluster_id">>, <<"imported_definition_hash_value">>, <<"cluster_tags">>])]
},
ok = file:write_file([Folder, "/definitions.json"], rabbit_json:encode(Given)),
ok = file:write_file([Folder, "/queues"], io_lib:format("~w.~n", [[{Host, Name, Many} || {Host, Name, _, Many} <- Full]])),
ok = file:write_file([Folder, "/told"], [Mirrors, Links, Delayed, Times]),
ok = file:write_file([Folder, "/refused"], Streams),
% By no password that anybody chose: the network leads nowhere, and the copy is thrown away.
Mover = <<"devenv-upgrade">>,
rabbit_auth_backend_internal:add_user(Mover, Mover, Mover),
[rabbit_auth_backend_internal:set_permissions(Mover, Host, <<".*">>, <<".*">>, <<".*">>, Mover) || Host <- Hosts],
ok.
ERLANG
)")
[ "$said" = ok ] || { echo "devenv: the broker could not be asked: $said" >&2; exit 1; }
if [ -s "$folder/refused" ]; then
  cat "$folder/refused" >&2
  exit 1
fi
cat "$folder/told"
chmod 644 "$folder"/*
cp -p "$folder/definitions.json" "$folder/queues" /devenv/move/
rm -r "$folder"
