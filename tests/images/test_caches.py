"""The contract of the redis, valkey and memcached images."""

from __future__ import annotations

import pytest

from tests.images.containers import Run, images, wait_until

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("image", images("redis") + images("valkey"))
def test_redis_keeps_data_over_a_stop_and_takes_strangers(run: Run, image: str) -> None:
    cache = run(image)
    wait_until(lambda: cache.answers("redis-cli", "ping"))
    # Protected mode would refuse an address that is not the loopback's.
    assert cache.says("redis-cli", "-h", cache.says("hostname", "-i"), "set", "k", "v") == "OK"
    assert cache.says("redis-cli", "config", "get", "save").split("\n")[1] == "3600 1 300 100 60 10000"
    assert cache.uid() == 999
    cache.stop()
    assert cache.exit_code() == 0
    cache.start()
    wait_until(lambda: cache.answers("redis-cli", "get", "k"))
    assert cache.says("redis-cli", "get", "k") == "v"


@pytest.mark.parametrize("image", images("redis", starts="7"))
def test_redis_takes_options_alone(run: Run, image: str) -> None:
    cache = run(image, command=("--maxmemory", "8mb", "--requirepass", "x"))
    wait_until(lambda: cache.answers("redis-cli", "-a", "x", "ping"))
    assert cache.says("redis-cli", "-a", "x", "config", "get", "maxmemory").split()[1] == str(8 << 20)


@pytest.mark.parametrize("image", images("redis"))
def test_redis_8_repairs_no_owners_beside_a_file_that_it_does_not_know(run: Run, image: str) -> None:
    owner = "root" if ":8" in image else "redis"
    cache = run(image, command=("sh", "-c", "touch other.aof && exec docker-entrypoint.sh redis-server"))
    wait_until(lambda: cache.answers("redis-cli", "ping"))
    assert cache.says("stat", "-c", "%U", "other.aof") == owner


@pytest.mark.parametrize("image", images("memcached"))
def test_memcached_takes_options_alone(run: Run, image: str) -> None:
    cache = run(image, command=("--memory-limit=8",))
    ask = r"exec 3<>/dev/tcp/127.0.0.1/11211; printf 'stats settings\r\nquit\r\n' >&3; grep -c 'maxbytes 8388608' <&3"
    wait_until(lambda: cache.answers("bash", "-c", ask))
    assert cache.uid() == 11211
    assert not cache.answers("sh", "-c", "command -v nc")
