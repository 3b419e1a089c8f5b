"""What receivers do that they should not: each a `Behaviour` for a `Receiver`."""

import gzip
import socket
import struct
import threading

from tests.support.receivers import Answer, Behaviour, Received

REDIRECT_TO_ITSELF: Behaviour = Answer(302, (("Location", "/hook"),))


def silence(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """Never answer."""
    closing.wait()
    return False


def drip(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """Begin well, then send a byte of the body now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not closing.wait(0.02):
        connection.sendall(b".")
    return False


def huge_body(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """A body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not closing.is_set():
        connection.sendall(b"x" * 65536)
    return False


def gzip_bomb(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """32 KiB that unpack to 32 MiB, although no compression was asked for."""
    packed = gzip.compress(bytes(32 * 1024 * 1024))
    Answer(headers=(("Content-Encoding", "gzip"),), body=packed)(connection, received, closing)
    return True


def reset_after_head(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """Promise a body, then break the connection."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return False


def close_unanswered(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """Hang up instead of answering."""
    return False


def early_hints_without_end(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """One 103 after another."""
    while not closing.is_set():
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 100)
    return False


def headers_without_end(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """One header after another."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not closing.is_set():
        connection.sendall(b"X-Flood: " + b"y" * 900 + b"\r\n")
    return False


def nonsense(connection: socket.socket, received: Received, closing: threading.Event) -> bool:
    """Something that is not HTTP."""
    connection.sendall(b"220 mail.example.com ESMTP\r\n")
    return False
