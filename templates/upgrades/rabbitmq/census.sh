# What a broker holds, one line a fact, the same from any version: virtual hosts, users, permissions, policies,
# parameters, exchanges, bindings, and for every queue how it is declared and how many messages of how many bytes wait
# in it. Asked inside the node, in one go: each call of rabbitmqctl starts an Erlang machine of its own.
#
# Not counted: passwords and rights of accounts that the manifest names ($DEVENV_ACCOUNTS), which every start sets anew;
# messages of queues whose messages or which themselves end by time; what the new version cannot hold ($DEVENV_LEFT,
# keys of policies) and what is left out ($DEVENV_UNMOVED, components of parameters).
set -eu
rabbitmqctl -q await_startup >/dev/null
file=$(mktemp -u)
said=$(rabbitmqctl -q eval "$STAT
Accounts = $DEVENV_ACCOUNTS, Left = $DEVENV_LEFT, Unmoved = $DEVENV_UNMOVED, File = \"$file\",
$(cat <<'ERLANG'
Text = fun
  F(V) when is_binary(V) -> re:replace(V, "[\\t\\r\\n]", "?", [global, {return, binary}]);
  F(V) when is_integer(V) -> integer_to_binary(V);
  F(V) when is_atom(V) -> atom_to_binary(V, utf8);
  F({K, _, V}) -> iolist_to_binary([F(K), "=", F(V)]);
  F({K, V}) -> iolist_to_binary([F(K), "=", F(V)]);
  F(V) when is_map(V) -> F(maps:to_list(V));
  F(V) when is_list(V) -> iolist_to_binary(["[", lists:join(" ", lists:sort([F(E) || E <- V])), "]"]);
  F(V) -> iolist_to_binary(io_lib:format("~w", [V]))
end,
Line = fun(Name, Value) -> [lists:join(" ", [Text(Part) || Part <- Name]), "\t", lists:join(" ", [Text(Part) || Part <- Value]), "\n"] end,
All = rabbit_definitions:all_definitions(),
Get = fun(Key, Item) -> maps:get(Key, Item, <<>>) end,
Each = fun(Section, One) -> [One(Item) || Item <- maps:get(Section, All, [])] end,
Tags = fun(Said) when is_binary(Said) -> re:split(Said, ", *"); (Said) -> Said end,
Ends = fun(Queue) ->
  Keys = [K || {K, _, _} <- amqqueue:get_arguments(Queue)],
  lists:any(fun(K) -> lists:member(K, Keys) end, [<<"x-message-ttl">>, <<"x-expires">>, <<"x-max-age">>]) orelse
    lists:any(fun(K) -> rabbit_policy:get(K, Queue) =/= undefined end, [<<"message-ttl">>, <<"expires">>, <<"max-age">>])
end,
Queue = fun(Q) ->
  {resource, Host, queue, Name} = amqqueue:get_name(Q),
  Type = case amqqueue:get_type(Q) of classic -> rabbit_classic_queue; quorum -> rabbit_quorum_queue; Other -> Other end,
  Arguments = [A || {K, _, _} = A <- amqqueue:get_arguments(Q), K =/= <<"x-queue-type">>],
  Declared = Line([queue, Host, Name], [Type, durable, amqqueue:is_durable(Q), auto_delete, amqqueue:is_auto_delete(Q), Arguments]),
  case {Ends(Q), Type} of
    {true, _} -> Declared;
    {false, rabbit_classic_queue} ->
      [{_, Bytes}] = rabbit_amqqueue:info(Q, [message_bytes_ready]),
      [Declared, Line([messages, in, Host, Name], [Stat(Q), <<"of">>, Bytes, <<"bytes">>])];
    {false, rabbit_stream_queue} -> % It does not count while it starts; its files begin with 8 bytes of their own.
      {ok, Base} = application:get_env(osiris, data_dir),
      Files = filelib:wildcard(filename:join([Base, maps:get(name, amqqueue:get_type_state(Q)), "*.segment"])),
      [Declared, Line([stream, in, Host, Name], [lists:sum([filelib:file_size(F) - 8 || F <- Files]), <<"bytes">>])];
    {false, _} -> % Quorum queues count bytes in a way of each version's own.
      [Declared, Line([messages, in, Host, Name], [Stat(Q)])]
  end
end,
Hosts = [Get(<<"name">>, Item) || Item <- maps:get(vhosts, All)],
Lines = [
  [Line([vhost, Host], []) || Host <- Hosts],
  Each(users, fun(I) ->
    Own = lists:member(Get(<<"name">>, I), Accounts),
    Line([user, Get(<<"name">>, I)], case Own of
      true -> [];
      false -> [Tags(Get(<<"tags">>, I)), Get(<<"hashing_algorithm">>, I), Get(<<"password_hash">>, I)]
    end)
  end),
  Each(permissions, fun(I) ->
    Own = lists:member(Get(<<"user">>, I), Accounts),
    Line([permission, 'of', Get(<<"user">>, I), in, Get(<<"vhost">>, I)], case Own of
      true -> [];
      false -> [[{K, Get(K, I)} || K <- [<<"configure">>, <<"write">>, <<"read">>]]]
    end)
  end),
  Each(topic_permissions, fun(I) ->
    Line([permission, 'of', Get(<<"user">>, I), in, Get(<<"vhost">>, I), for, Get(<<"exchange">>, I)], [[{K, Get(K, I)} || K <- [<<"write">>, <<"read">>]]])
  end),
  Each(policies, fun(I) ->
    case maps:without(Left, Get(<<"definition">>, I)) of
      Empty when map_size(Empty) =:= 0 -> [];
      Kept -> Line([policy, Get(<<"vhost">>, I), Get(<<"name">>, I)], [Get(<<"pattern">>, I), Get(<<"apply-to">>, I), Get(<<"priority">>, I), Kept])
    end
  end),
  Each(parameters, fun(I) ->
    case lists:member(Get(<<"component">>, I), Unmoved) of
      true -> [];
      false -> Line([parameter, Get(<<"vhost">>, I), Get(<<"component">>, I), Get(<<"name">>, I)], [Get(<<"value">>, I)])
    end
  end),
  % What a node says of itself is another node's own.
  Each(global_parameters, fun(I) ->
    case lists:member(Text(Get(<<"name">>, I)), [<<"internal_cluster_id">>, <<"cluster_tags">>, <<"imported_definition_hash_value">>]) of
      true -> [];
      false -> Line(['global', parameter, Get(<<"name">>, I)], [Get(<<"value">>, I)])
    end
  end),
  Each(exchanges, fun(I) ->
    case Get(<<"name">>, I) of
      <<"amq.", _/binary>> -> [];
      Name -> Line([exchange, Get(<<"vhost">>, I), Name], [Get(<<"type">>, I), durable, Get(<<"durable">>, I), auto_delete, Get(<<"auto_delete">>, I), internal, maps:get(<<"internal">>, I, false), Get(<<"arguments">>, I)])
    end
  end),
  Each(bindings, fun(I) ->
    Line([binding, Get(<<"vhost">>, I), Get(<<"source">>, I), to, Get(<<"destination_type">>, I), Get(<<"destination">>, I), by, Get(<<"routing_key">>, I), Get(<<"arguments">>, I)], [])
  end),
  [Queue(Q) || Host <- Hosts, Q <- rabbit_amqqueue:list(Host)]
],
file:write_file(File, Lines).
ERLANG
)" 2>"$file.said") || {
  cat "$file.said" >&2
  which=$(sed -n 's/.*quorum_queue_does_not_serve, {:resource, "\(.*\)", :queue, "\([^"]*\)"}.*/\2 in \1/p' "$file.said")
  [ -z "$which" ] || echo "devenv: the quorum queue $which does not come back when this version starts, so nobody can say what it holds" >&2
  exit 1
}
[ "$said" = ok ] || { echo "devenv: the broker could not be asked: $said" >&2; exit 1; }
LC_ALL=C sort "$file"
rm -f "$file" "$file.said"
echo '# end'
