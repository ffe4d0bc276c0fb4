from __future__ import annotations

from tests.effects.live_servers import Peer, Servers, answers, ask, refusal, serve

__all__ = ["serve"]


def test_what_is_asked_and_what_is_kept_of_it(serve: Servers) -> None:
    def handle(peer: Peer) -> None:
        assert peer.line() == b"version"
        peer.send(b"VERSION 1.6.18\r\n")
        assert peer.line() == b"stats settings"
        peer.send(b"STAT maxbytes 67108864\r\nSTAT item_size_max 2097152\r\nSTAT inter c4n4ry\r\nEND\r\n")

    server = serve(handle)
    found = answers(ask("memcached", server.port))
    assert found == {"live": "memcached", "version": "1.6.18", "settings": {"item_size_max": "2097152"}}
    assert server.heard == b"version\r\nstats settings\r\n"


def test_a_server_that_answers_no_more(serve: Servers) -> None:
    def handle(peer: Peer) -> None:
        peer.line()
        peer.send(b"VERSION 1.6.18\r\n")
        peer.line()
        peer.send(b"STAT maxbytes")

    assert refusal("memcached", serve(handle).port) == "closes the connection before it has answered"


def test_a_server_that_wants_a_login(serve: Servers) -> None:
    def handle(peer: Peer) -> None:
        peer.line()
        peer.send(b"CLIENT_ERROR unauthenticated\r\n")

    said = "does not answer as memcached does: one that wants a login cannot be asked"
    assert refusal("memcached", serve(handle).port) == said
