"""The names of settings that may leave a source. What stands beside them may be a password: nothing else passes."""

from __future__ import annotations

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MYSQL = _names("""
sql_mode character_set_server collation_server time_zone lower_case_table_names transaction_isolation
tx_isolation default_storage_engine innodb_strict_mode max_allowed_packet group_concat_max_len
explicit_defaults_for_timestamp default_authentication_plugin authentication_policy local_infile event_scheduler
log_bin_trust_function_creators binlog_format wait_timeout max_connections
""")
_REDIS = _names("""
maxmemory-policy notify-keyspace-events appendonly save databases cluster-enabled timeout lua-time-limit
busy-reply-threshold
""")
#: Those that change how an application behaves: sync brings them home.
MIRRORED: Mapping[str, frozenset[str]] = {
    "postgres": _names("""
timezone datestyle intervalstyle lc_messages lc_monetary lc_numeric lc_time default_text_search_config
default_transaction_isolation statement_timeout lock_timeout idle_in_transaction_session_timeout
standard_conforming_strings bytea_output search_path row_security jit wal_level max_connections
max_prepared_transactions max_replication_slots max_wal_senders shared_preload_libraries
session_preload_libraries password_encryption default_toast_compression log_min_duration_statement
cron.database_name
"""),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "redis": _REDIS,
    "valkey": _REDIS,
    "rabbitmq": _names("""
channel_max consumer_timeout default_queue_type heartbeat max_message_size
"""),
    "memcached": _names("""
item_size_max max_item_size
"""),
    "kafka": _names("""
auto.create.topics.enable compression.type delete.topic.enable group.initial.rebalance.delay.ms
log.cleanup.policy log.message.timestamp.type log.retention.hours message.max.bytes num.partitions
"""),
    "elasticsearch": _names("""
action.auto_create_index indices.query.bool.max_clause_count
"""),
    "opensearch": _names("""
action.auto_create_index indices.query.bool.max_clause_count
"""),
    "mongodb": _names("""
featureCompatibilityVersion
"""),
    "nats": _names("""
jetstream max_payload
"""),
}
_MYSQL_SIZES = _names("""
innodb_buffer_pool_size innodb_log_file_size innodb_flush_log_at_trx_commit tmp_table_size max_heap_table_size
slow_query_log long_query_time table_open_cache
""")
_REDIS_SIZES = _names("""
maxmemory maxmemory-samples appendfsync hz tcp-keepalive stop-writes-on-bgsave-error
""")
#: Those that fit a server to its machine: told, and left as they are here.
SIZES: Mapping[str, frozenset[str]] = {
    "postgres": _names("""
shared_buffers work_mem maintenance_work_mem effective_cache_size wal_buffers max_wal_size min_wal_size
checkpoint_timeout checkpoint_completion_target random_page_cost effective_io_concurrency max_worker_processes
max_parallel_workers max_parallel_workers_per_gather autovacuum log_statement log_connections log_disconnections
log_lock_waits huge_pages
"""),
    "mysql": _MYSQL_SIZES,
    "mariadb": _MYSQL_SIZES,
    "redis": _REDIS_SIZES,
    "valkey": _REDIS_SIZES,
    "rabbitmq": _names("""
vm_memory_high_watermark.relative disk_free_limit.absolute disk_free_limit.relative
"""),
    "kafka": _names("""
offsets.topic.replication.factor transaction.state.log.replication.factor transaction.state.log.min.isr
default.replication.factor min.insync.replicas
"""),
}
