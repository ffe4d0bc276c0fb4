# How many messages wait in a queue, as Erlang for what the scripts here ask the broker: Stat(Queue).
set -eu
STAT=$(cat <<'ERLANG'
% Whoever asks a quorum queue in the usual way is told 0 while it begins to serve, or is slow; before 3.10 it does so
% after its broker says that it serves.
Query = fun(Server) -> % A fun is what it takes up to 4.2.
  try ra:consistent_query(Server, fun rabbit_fifo:query_stat/1, 60000)
  catch error:function_clause -> ra:consistent_query(Server, {rabbit_fifo, query_stat, []}, 60000)
  end
end,
Asked = fun F(Q, Tries) ->
  case Query(amqqueue:get_pid(Q)) of
    {ok, {Ready, _}, _} -> Ready;
    _ when Tries > 0 -> timer:sleep(100), F(Q, Tries - 1);
    Said -> error({quorum_queue_does_not_serve, amqqueue:get_name(Q), Said})
  end
end,
Stat = fun(Q) ->
  case lists:member(amqqueue:get_type(Q), [quorum, rabbit_quorum_queue]) of
    true -> Asked(Q, 300);
    false -> {ok, Ready, _} = rabbit_amqqueue:stat(Q), Ready
  end
end,
ERLANG
)
