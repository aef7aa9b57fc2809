#!/usr/bin/env python3
"""Makes the tls-*/ captures: real OpenSSL peers, each direction's bytes, the key log and the plaintext.

Run in this folder; needs Python 3 with `ssl` and the `openssl` program. Nothing leaves the machine: most cases join two
peers in memory, the others run `openssl s_server` and `s_client` over loopback with a recording proxy between them.

    tls-CASE/client.bin, server.bin     what each side sent
    tls-CASE/keys.log                   the client's key log
    tls-CASE/client.txt, server.txt     the application data in it
"""

import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
NO_ENCRYPT_THEN_MAC = 0x80000  # SSL_OP_NO_ENCRYPT_THEN_MAC, unnamed in Python
REQUEST = b"GET /%d HTTP/1.1\r\nHost: shop.example\r\nOrigin: https://app.example\r\n\r\n"


def body(number, length):
    text = b"".join(b"%d:%d " % (number, i) for i in range(length // 4))
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + text[:length]


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
         "30000", "-subj", "/CN=shop.example", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
        check=True, capture_output=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30000", "-subj", "/CN=shop.example",
         "-keyout", f"{folder}/rsakey.pem", "-out", f"{folder}/rsacert.pem"], check=True, capture_output=True)


def store(name, sent, keys, plain):
    folder = HERE / f"tls-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for side in ("client", "server"):
        (folder / f"{side}.bin").write_bytes(sent[side])
        (folder / f"{side}.txt").write_bytes(plain[side])
    (folder / "keys.log").write_bytes(keys)
    print(name, len(sent["client"]), len(sent["server"]))


class Pair:
    """A client and a server joined by four memory buffers."""

    def __init__(self, client, server, session=None):
        self.sent = {"client": b"", "server": b""}
        self.plain = {"client": b"", "server": b""}
        self.bio = [ssl.MemoryBIO() for _ in range(4)]
        self.client = client.wrap_bio(self.bio[0], self.bio[1], server_hostname="shop.example", session=session)
        self.server = server.wrap_bio(self.bio[2], self.bio[3], server_side=True)

    def carry(self):
        for side, source, target in (("client", 1, 2), ("server", 3, 0)):
            data = self.bio[source].read()
            self.sent[side] += data
            self.bio[target].write(data)

    def handshake(self):
        done = set()
        for _ in range(12):
            for peer in (self.client, self.server):
                try:
                    peer.do_handshake()
                    done.add(peer)
                except ssl.SSLWantReadError:
                    pass
                self.carry()
        assert len(done) == 2

    def say(self, side, data):
        peer, other = (self.client, self.server) if side == "client" else (self.server, self.client)
        peer.write(data)
        self.plain[side] += data
        self.carry()
        got = b""
        while len(got) < len(data):
            got += other.read(1 << 16)
        assert got == data

    def close(self):
        for _ in range(2):
            for peer in (self.client, self.server):
                try:
                    peer.unwrap()
                except ssl.SSLError:
                    pass
                self.carry()


def in_memory(name, work, ciphers=None, version=None, options=0, curve=None, alpn=None, resume=False, length=700,
              client_certificate=False, rsa=False):
    keys = work / f"{name}.keys"
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server.load_cert_chain(work / ("rsacert.pem" if rsa else "cert.pem"), work / ("rsakey.pem" if rsa else "key.pem"))
    client.keylog_filename = str(keys)
    for context in (client, server):
        if version:
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        if alpn:
            context.set_alpn_protocols(alpn)
        context.options |= options
    if curve:
        server.set_ecdh_curve(curve)
    if client_certificate:
        server.verify_mode = ssl.CERT_REQUIRED
        server.load_verify_locations(work / "cert.pem")
        client.load_cert_chain(work / "cert.pem", work / "key.pem")
    pair = Pair(client, server)
    pair.handshake()
    if resume:
        pair.say("server", b"ticket")
        session = pair.client.session
        pair = Pair(client, server, session)
        pair.handshake()
        assert pair.client.session_reused
    for number in (1, 2):
        pair.say("client", REQUEST % number)
        pair.say("server", body(number, length))
    pair.close()
    store(name, pair.sent, keys.read_bytes(), pair.plain)


def proxy(port, target, sent):
    """Forwards one connection, and notes what passes."""
    listener = socket.create_server(("127.0.0.1", port))

    def run():
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", target))

        def pump(source, sink, side):
            while data := source.recv(65536):
                sent[side] += data
                sink.sendall(data)
            try:
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        other = threading.Thread(target=pump, args=(far, near, "server"), daemon=True)
        other.start()
        pump(near, far, "client")
        other.join(5)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, listener


def with_programs(name, work, steps, server_args=(), client_args=(), plain_client=None, plain_server=None, port=4433):
    """`steps` are lines typed into `s_client`; the server sends each line back reversed."""
    keys = work / f"{name}.keys"
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", work / "cert.pem", "-key", work / "key.pem",
         "-rev", *server_args], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    sent = {"client": b"", "server": b""}
    thread, listener = proxy(port + 1, port, sent)
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port + 1}", "-servername", "shop.example", "-keylogfile",
         keys, *client_args], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    for step in steps:
        client.stdin.write(step)
        client.stdin.flush()
        time.sleep(0.4)
    client.stdin.write(b"Q\n")
    client.stdin.flush()
    client.wait(5)
    thread.join(5)
    listener.close()
    server.kill()
    server.wait()
    said = [step for step in steps if len(step) > 2]
    store(name, sent, keys.read_bytes(), {
        "client": (plain_client or b"") + b"".join(said),
        "server": b"".join(step.rstrip(b"\n")[::-1] + b"\n" for step in said) if plain_server is None else plain_server,
    })


def main():
    v12, v11, v10 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1
    old = "ALL:@SECLEVEL=0"
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        certificate(work)
        in_memory("13-aes256gcm", work, alpn=["h2", "http/1.1"], length=20000)
        in_memory("13-hello-retry", work, curve="secp384r1")
        in_memory("13-resumed", work, resume=True)
        in_memory("13-client-certificate", work, client_certificate=True)
        in_memory("12-aes128gcm", work, "ECDHE-ECDSA-AES128-GCM-SHA256", v12, alpn=["http/1.1"], length=20000)
        in_memory("12-aes256gcm-resumed", work, "ECDHE-ECDSA-AES256-GCM-SHA384", v12, resume=True)
        in_memory("12-chacha20", work, "ECDHE-ECDSA-CHACHA20-POLY1305", v12)
        in_memory("12-client-certificate", work, "ECDHE-ECDSA-AES128-GCM-SHA256", v12, client_certificate=True)
        for suite, name in (("AES128-SHA", "aes128cbc-sha1"), ("AES256-SHA", "aes256cbc-sha1"),
                            ("AES128-SHA256", "aes128cbc-sha256"), ("AES256-SHA384", "aes256cbc-sha384")):
            in_memory(f"12-{name}-etm", work, f"ECDHE-ECDSA-{suite}", v12)
            in_memory(f"12-{name}", work, f"ECDHE-ECDSA-{suite}", v12, NO_ENCRYPT_THEN_MAC)
        in_memory("12-rsa-aes256cbc-sha256", work, "AES256-SHA256", v12, rsa=True)
        in_memory("12-camellia", work, "CAMELLIA128-SHA", v12, rsa=True)
        in_memory("11-aes128cbc", work, old, v11)
        in_memory("10-aes256cbc", work, old, v10)
        for suite in ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"):
            with_programs("13-" + suite.split("_")[1].lower() + ("128gcm" if "AES" in suite else ""), work,
                          [b"hello\n", b"world\n"], client_args=["-ciphersuites", suite])
        with_programs("13-key-update", work, [b"one\n", b"k\n", b"two\n", b"K\n", b"three\n", b"k\n", b"four\n"])
        with_programs("12-renegotiation", work, [b"one\n", b"R\n", b"two\n"],
                      ["-tls1_2", "-client_renegotiation"], ["-tls1_2"])
        # Early data: the first connection fetches a ticket, the second uses it.
        early = work / "early.txt"
        early.write_bytes(b"early bird\n")
        for name, args in (("13-early-data", ["-early_data"]), ("13-early-data-rejected", ["-early_data"])):
            session, port = work / f"{name}.pem", 4443 if name.endswith("data") else 4453
            server = subprocess.Popen(
                ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", work / "cert.pem", "-key",
                 work / "key.pem", *args, "-quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(0.5)
            first = subprocess.Popen(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "shop.example", "-sess_out",
                 session], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1)
            first.stdin.write(b"Q\n")
            first.stdin.close()
            first.wait(5)
            if name.endswith("rejected"):
                # The same ticket twice: OpenSSL's replay protection rejects the second early data.
                subprocess.run(
                    ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "shop.example", "-sess_in",
                     session, "-early_data", early], input=b"Q\n", capture_output=True, check=False)
                time.sleep(0.5)
            sent = {"client": b"", "server": b""}
            thread, listener = proxy(port + 1, port, sent)
            keys = work / f"{name}.keys"
            second = subprocess.Popen(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{port + 1}", "-servername", "shop.example", "-sess_in",
                 session, "-early_data", early, "-keylogfile", keys], stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(1)
            second.stdin.write(b"later bird\n")
            second.stdin.flush()
            time.sleep(0.5)
            server.stdin.write(b"good morning\n")
            server.stdin.flush()
            time.sleep(0.5)
            second.stdin.write(b"Q\n")
            second.stdin.close()
            second.wait(5)
            thread.join(5)
            listener.close()
            server.kill()
            server.wait()
            plain = b"later bird\n" if name.endswith("rejected") else b"early bird\nlater bird\n"
            store(name, sent, keys.read_bytes(), {"client": plain, "server": b"good morning\n"})


if __name__ == "__main__":
    os.chdir(HERE)
    sys.exit(main())
