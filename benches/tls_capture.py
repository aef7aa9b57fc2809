#!/usr/bin/env python3
"""Write a large capture of TLS 1.3 traffic, HTTP/1.1 and HTTP/2 by turns, and its key log.

usage: tls_capture.py [--mb N] [--seed N] -o FILE.pcap --keylog FILE.log

Client and server are Python's own `ssl` module, joined in memory; what they exchange is cut into TCP segments and
written as packets, --conns connections interleaved. Nothing touches a network. Needs `openssl` on the path for a
throw-away certificate. Keys differ from run to run, so the bytes do too; sizes and contents are those of the seed.
"""

import argparse
import os
import random
import ssl
import struct
import subprocess
import tempfile

SEGMENT = 1448
REQUESTS = 8
START_US = 1_772_359_200_000_000


def certificate(folder):
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subject = ["-subj", "/CN=api.bank.example", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, "-keyout", key, "-out", cert, *subject], check=True, capture_output=True)
    return cert, key


class Tls:
    """Two ends of a connection, joined in memory. `flights` are (0 from the client | 1 from the server, bytes)."""

    def __init__(self, client_context, server_context):
        self.pipes = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        client = client_context.wrap_bio(*self.pipes[0], server_hostname="api.bank.example")
        server = server_context.wrap_bio(*self.pipes[1], server_side=True)
        self.ends = (client, server)
        self.flights = []
        done = [False, False]
        while not all(done):
            for side in (0, 1):
                if not done[side]:
                    try:
                        self.ends[side].do_handshake()
                        done[side] = True
                    except ssl.SSLWantReadError:
                        pass
                self.carry(side)
        # Session tickets.
        self.drain(0)

    def carry(self, side):
        data = self.pipes[side][1].read()
        if data:
            self.flights.append((side, data))
            self.pipes[1 - side][0].write(data)

    def drain(self, side):
        try:
            while self.ends[side].read(1 << 16):
                pass
        except ssl.SSLWantReadError:
            pass

    def send(self, side, data):
        self.ends[side].write(data)
        self.carry(side)
        self.drain(1 - side)


def http1(tls, random_, body):
    for _ in range(REQUESTS):
        path = f"/api/v1/{random_.getrandbits(24):x}"
        origin = random_.choice(["https://app.example", "https://shop.example"])
        policy = random_.choice(["*", origin, "null", None])
        request = (
            f"GET {path} HTTP/1.1\r\nHost: api.bank.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
            f"Accept: */*\r\nOrigin: {origin}\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site\r\n\r\n"
        )
        tls.send(0, request.encode())
        size = min(len(body), int(random_.lognormvariate(9.3, 1.4)))
        grant = f"Access-Control-Allow-Origin: {policy}\r\n" if policy else ""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{grant}Content-Length: {size}\r\n\r\n"
        tls.send(1, head.encode() + body[:size])


def frame(kind, flags, stream, payload):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def literal(name, value):
    """A header field never indexed, its strings not Huffman-coded (RFC 7541, section 6.2.3)."""

    def text(string):
        data = string.encode()
        length = bytes([len(data)]) if len(data) < 127 else bytes([127, len(data) - 127])
        return length + data

    return b"\x10" + text(name) + text(value)


def http2(tls, random_, body):
    tls.send(0, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(8, 0, 0, struct.pack("!I", 1 << 30)))
    tls.send(1, frame(4, 0, 0, b"") + frame(4, 1, 0, b""))
    for index in range(REQUESTS):
        stream = 2 * index + 1
        origin = random_.choice(["https://app.example", "https://shop.example"])
        policy = random_.choice(["*", origin, "null", None])
        fields = [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "api.bank.example"),
            (":path", f"/api/v1/{random_.getrandbits(24):x}"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
            ("origin", origin),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", "cross-site"),
        ]
        tls.send(0, frame(1, 5, stream, b"".join(literal(*field) for field in fields)))
        size = min(len(body), int(random_.lognormvariate(9.3, 1.4)))
        fields = [(":status", "200"), ("content-type", "application/octet-stream"), ("content-length", str(size))]
        if policy:
            fields.append(("access-control-allow-origin", policy))
        out = [frame(1, 4, stream, b"".join(literal(*field) for field in fields))]
        for at in range(0, size, 16384):
            out.append(frame(0, 0, stream, body[at : min(at + 16384, size)]))
        out.append(frame(0, 1, stream, b""))
        tls.send(1, b"".join(out))


def packets(flights, random_):
    """The flights as TCP over IPv4 over Ethernet."""
    addresses = [b"\x0a\x00" + random_.randbytes(2), b"\xcb\x00\x71\x07"]
    ports = [random_.randrange(20000, 65000), 443]
    sequence = [random_.getrandbits(31), random_.getrandbits(31)]

    def packet(side, flags, data=b""):
        other = 1 - side
        tcp = struct.pack(
            "!HHIIBBHHH", ports[side], ports[other], sequence[side], sequence[other], 0x50, flags, 502, 0, 0
        )
        length = 20 + len(tcp) + len(data)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0x4000, 64, 6, 0) + addresses[side] + addresses[other]
        sequence[side] += len(data) + (1 if flags & 3 else 0)
        return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00" + ip + tcp + data

    yield packet(0, 2)
    yield packet(1, 18)
    yield packet(0, 16)
    for side, data in flights:
        for at in range(0, len(data), SEGMENT):
            yield packet(side, 24, data[at : at + SEGMENT])
        yield packet(1 - side, 16)
    for side in (0, 1):
        yield packet(side, 17)
    yield packet(0, 16)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mb", type=float, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conns", type=int, default=32)
    parser.add_argument("--keylog", required=True)
    parser.add_argument("-o", "--output", required=True)
    args = parser.parse_args()
    random_ = random.Random(args.seed)
    body = random_.randbytes(1 << 20)
    with tempfile.TemporaryDirectory() as folder:
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(*certificate(folder))
    server_context.minimum_version = ssl.TLSVersion.TLSv1_3
    server_context.set_alpn_protocols(["h2", "http/1.1"])
    clients = {}
    for protocol in ("http/1.1", "h2"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        context.keylog_filename = args.keylog
        clients[protocol] = context
    made = 0

    def connection():
        nonlocal made
        made += 1
        protocol = ("http/1.1", "h2")[made % 2]
        tls = Tls(clients[protocol], server_context)
        (http2 if protocol == "h2" else http1)(tls, random_, body)
        return packets(tls.flights, random_)

    limit, total, now = int(args.mb * 1e6), 24, START_US
    with open(args.output, "wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        live = [connection() for _ in range(args.conns)]
        while live:
            index = random_.randrange(len(live))
            packet = next(live[index], None)
            if packet is None:
                if total < limit:
                    live[index] = connection()
                else:
                    live.pop(index)
                continue
            now += random_.randrange(1, 40)
            out.write(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, len(packet), len(packet)) + packet)
            total += 16 + len(packet)


main()
