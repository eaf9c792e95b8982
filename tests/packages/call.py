#!/usr/bin/env python3
"""A call through the relay that listens at 127.0.0.1:2223: offer, answer, 50 packets each way, delete.

call.py [--ports LOW-HIGH]   status 0 if every packet came out as it went in
call.py --hold CALLID        the same, but the call stays up under this name
"""
import itertools
import json
import os
import re
import socket
import struct
import sys

CONTROL = ("127.0.0.1", int(os.environ.get("NG_PORT", "2223")))
PEERS = [("192.0.2.10", 4000), ("192.0.2.11", 4000)]
PACKETS = 50
cookies = (f"{os.getpid()}-{number}" for number in itertools.count())


def ask(control, request):
    cookie = next(cookies)
    for _ in range(5):
        control.sendto(f"{cookie} {json.dumps(request)}".encode(), CONTROL)
        try:
            reply = control.recv(65536).decode()
        except TimeoutError:
            continue
        if reply.startswith(cookie + " "):
            reply = json.loads(reply[len(cookie) + 1 :])
            if reply["result"] != "ok":
                sys.exit(f"{request['command']}: {reply}")
            return reply
    sys.exit(f"{request['command']}: no answer")


def sdp(peer):
    return (
        f"v=0\r\no=- 1 1 IN IP4 {peer[0]}\r\ns=-\r\nc=IN IP4 {peer[0]}\r\nt=0 0\r\n"
        f"m=audio {peer[1]} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )


def told(reply):
    text = reply["sdp"]
    address = re.search(r"^c=IN IP4 (\S+)", text, re.M).group(1)
    return address, int(re.search(r"^m=audio (\d+)", text, re.M).group(1))


def packet(ssrc, number):
    return struct.pack("!BBHII", 0x80, 8, number, 160 * number, ssrc) + bytes([number % 256]) * 160


def main():
    held = sys.argv[2] if sys.argv[1:2] == ["--hold"] else None
    low, high = map(int, (sys.argv[2] if len(sys.argv) > 2 and not held else "30000-39999").split("-"))
    control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    control.settimeout(2)
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in PEERS]
    for end, peer in zip(ends, PEERS):
        end.bind(peer)
        end.settimeout(5)
    call = {"call-id": held or f"packages-{os.getpid()}", "from-tag": "a"}
    offer = ask(control, {**call, "command": "offer", "sdp": sdp(PEERS[0])})
    answer = ask(control, {**call, "command": "answer", "to-tag": "b", "sdp": sdp(PEERS[1])})
    towards = [told(answer), told(offer)]
    for address, port in towards:
        if not low <= port <= high:
            sys.exit(f"port {port} is not in {low}-{high}")
    for number in range(PACKETS):
        for side in (0, 1):
            ends[side].sendto(packet(side, number), towards[side])
            got = ends[1 - side].recv(2048)
            if got != packet(side, number):
                sys.exit(f"packet {number} of side {side} came out as {got.hex()}")
    if not held:
        ask(control, {**call, "command": "delete", "delete-delay": 0})
    print(f"a call: {PACKETS} packets each way, through {towards[0][0]} ports {towards[0][1]} and {towards[1][1]}")


main()
