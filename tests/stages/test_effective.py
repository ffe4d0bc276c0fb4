"""What a server says of its settings beside what the manifest says."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from devenv.model.kind import SettingsQuestion
from devenv.stages.effective import not_in_effect, printed_by
from tests.test_catalog import KINDS


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (200, "max-connections\t200"),
        ("64MB", "work_mem\t64MB"),
        ("100mb", "maxmemory\t104857600"),
        ("1G", "innodb_buffer_pool_size\t1073741824"),
        (True, "appendonly\tyes"),
        (False, "jit\toff"),
        ("KEA", "notify-keyspace-events\tAKE"),
        (("a", "b"), "search_path\ta, b\tdatabase"),
        ("UTC", "timezone\tUTC\tdatabase"),
        (0.5, "vm_memory_high_watermark.relative\t0.5"),
        (5, "of_nobody\t6"),
    ],
)
def test_what_is_in_effect(wanted: object, line: str) -> None:
    name = "setting" if line.startswith("of_nobody") else line.partition("\t")[0].replace("-", "_")
    assert list(not_in_effect({name: wanted}, line + "\n")) == []


@pytest.mark.parametrize(
    ("wanted", "line", "sentence"),
    [
        (200, "it\t100", "settings.it = 200 is not in effect: the server has 100"),
        (16777217, "it\t16777216", "settings.it = 16777217 is not in effect: the server has 16777216"),
        ("100mb", "it\t100", "settings.it = 100mb is not in effect: the server has 100"),
        (True, "it\toff", "settings.it = true is not in effect: the server has off"),
        (
            "UTC",
            "it\tEurope/Berlin\tdatabase",
            "settings.it = UTC is not in effect: the server has Europe/Berlin (database)",
        ),
        (
            3,
            "it\tnothing\tthe server knows no such setting",
            "settings.it = 3 is not in effect: the server has nothing (the server knows no such setting)",
        ),
    ],
)
def test_what_is_not(wanted: object, line: str, sentence: str) -> None:
    assert list(not_in_effect({"it": wanted}, line + "\n")) == [sentence]


#: Parts of what Memcached 1.6.38 and NATS 2.10.27 answer.
ANSWERS = {
    "memcached": "STAT maxbytes 104857600\r\nSTAT maxconns 500\r\nSTAT item_size_max 2097152\r\nSTAT num_threads 4\r\n",
    "nats": """HTTP/1.0 200 OK\r\n\r\n{
  "max_connections": 1000,
  "max_payload": 2097152,
  "jetstream": {
    "config": {
      "max_memory": 104857600,
      "max_storage": 1073741824
""",
}


@pytest.mark.parametrize(
    ("kind", "settings", "sentences"),
    [
        ("memcached", {"m": 100, "M": True, "c": 500, "max-item-size": "2m", "t": 4}, []),
        ("memcached", {"memory_limit": 64}, ["settings.memory_limit = 64 is not in effect: the server has 100"]),
        ("nats", {"max_payload": "2MB", "jetstream.max_mem": "100M", "jetstream.max_file_store": "1GB"}, []),
        ("nats", {"max_connections": 9}, ["settings.max_connections = 9 is not in effect: the server has 1000"]),
    ],
)
def test_settings_asked_over_a_port(kind: str, settings: dict[str, Any], sentences: list[str]) -> None:
    rule = KINDS[kind].effective
    assert isinstance(rule, SettingsQuestion)
    assert list(not_in_effect(settings, printed_by(rule, ANSWERS[kind]))) == sentences


#: As their documentation shows it.
PRINTED = {
    "elasticsearch": """{
  "persistent" : {
    "indices.query.bool.max_clause_count" : "99"
  },
  "transient" : { },
  "defaults" : {
    "action.auto_create_index" : "true",
    "discovery.seed_hosts" : [ ],
    "http.max_content_length" : "100mb"
  }
}
""",
    "kafka": """All configs for broker 1 are:
  num.partitions=3 sensitive=false synonyms={STATIC_BROKER_CONFIG:num.partitions=3, DEFAULT_CONFIG:num.partitions=1}
  message.max.bytes=99 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:message.max.bytes=99}
  ssl.key.password=null sensitive=true synonyms={}
""",
}
PRINTED["opensearch"] = PRINTED["elasticsearch"]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        *(
            (
                kind,
                [
                    "indices.query.bool.max_clause_count\t99\ta persistent setting of the cluster",
                    "action.auto_create_index\ttrue",
                    "http.max_content_length\t100mb",
                ],
            )
            for kind in ("elasticsearch", "opensearch")
        ),
        ("kafka", ["num.partitions\t3", "message.max.bytes\t99\tkafka-configs"]),
    ],
)
def test_settings_in_what_a_tool_prints(kind: str, lines: list[str], programs: None) -> None:
    """There are no servers of these kinds here: this holds the scripts against documented output, no more."""
    script = KINDS[kind].templates["effective.sh.j2"]
    filtering = "sed" + script.partition("| sed")[2].partition("{% endif %}")[0]
    done = subprocess.run(["sh", "-c", filtering], input=PRINTED[kind], capture_output=True, text=True)
    assert done.stdout.splitlines() == lines
