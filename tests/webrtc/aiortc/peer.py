"""aiortc in a call, driven by the test over HTTP, as the page in page/call.html is: peer.py URL MICROPHONE.WAV [picture]

It knows G.711 only, says what the WAV file has in it, and reports which frequency it hears most of.
"""

import asyncio
import json
import math
import sys
import urllib.request
from array import array
from fractions import Fraction

import av
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

DOOR, MICROPHONE = sys.argv[1:3]
# Sound and a picture, which it bundles.
PICTURE = "picture" in sys.argv[3:]
RATE = 8000
# What a report rests on: a tenth of a second, in which whole tens of hertz fit.
WINDOW = RATE // 10


def knock(name, text=None):
    data = None if text is None else text.encode()
    with urllib.request.urlopen(f"{DOOR}/{name}", data=data, timeout=120) as reply:
        return reply.read().decode()


def ask(name):
    return asyncio.to_thread(knock, name)


def tell(name, text):
    return asyncio.to_thread(knock, name, text)


class Microphone(AudioStreamTrack):
    """The WAV file, again and again, 20 ms at a time."""

    def __init__(self):
        super().__init__()
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        self.samples = array("h")
        with av.open(MICROPHONE) as file:
            for frame in file.decode(audio=0):
                for part in resampler.resample(frame):
                    self.samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
        # A resampler keeps a few samples back; whole seconds repeat without a click.
        del self.samples[len(self.samples) // RATE * RATE :]
        self.at = 0

    async def recv(self):
        # The ancestor keeps the time; its silence gives way to our samples.
        silence = await super().recv()
        frame = av.AudioFrame(format="s16", layout="mono", samples=silence.samples)
        part = array("h", (self.samples[(self.at + n) % len(self.samples)] for n in range(silence.samples)))
        self.at += silence.samples
        frame.planes[0].update(part.tobytes())
        frame.pts, frame.sample_rate, frame.time_base = silence.pts, RATE, Fraction(1, RATE)
        return frame


class Picture(VideoStreamTrack):
    """One colour, as small as it may be, so that nobody is busy with it."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(width=160, height=120)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.time_base = pts, time_base
        return frame


def share(samples, hertz):
    """How much of the energy is at a frequency (Goertzel)."""
    energy = sum(sample * sample for sample in samples)
    if energy < len(samples) * 33**2:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    last = before = 0.0
    for sample in samples:
        last, before = sample + coefficient * last - before, last
    return 2 * (last * last + before * before - coefficient * last * before) / (energy * len(samples))


async def listen(connection, track: MediaStreamTrack):
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    heard = array("h")
    while True:
        for part in resampler.resample(await track.recv()):
            heard.frombytes(bytes(part.planes[0])[: part.samples * 2])
        if len(heard) < WINDOW:
            continue
        window, heard = heard[-WINDOW:], array("h")
        tones = [(share(window, hertz), hertz) for hertz in (440, 1000, 1500, 2000)]
        part, hertz = max(tones)
        counts, pictures = {}, 0
        for entry in (await connection.getStats()).values():
            if getattr(entry, "kind", "audio") == "audio":
                counts[entry.type] = entry
            elif entry.type == "inbound-rtp":
                pictures = entry.packetsReceived
        report = {
            "hertz": hertz,
            "share": min(part, 1.0),
            "received": counts["inbound-rtp"].packetsReceived if "inbound-rtp" in counts else 0,
            "pictures": pictures,
            "sent": counts["outbound-rtp"].packetsSent if "outbound-rtp" in counts else 0,
            "state": connection.connectionState,
            "suite": "",
        }
        await tell("heard", json.dumps(report))


async def main():
    connection = RTCPeerConnection()
    listeners = []

    @connection.on("track")
    def heard(track):
        if track.kind == "audio":
            listeners.append(asyncio.ensure_future(listen(connection, track)))

    connection.addTrack(Microphone())
    if PICTURE:
        connection.addTrack(Picture())
    known = RTCRtpSender.getCapabilities("audio").codecs
    g711 = [codec for codec in known if codec.mimeType in ("audio/PCMU", "audio/PCMA")]
    if await ask("role") == "caller":
        for transceiver in connection.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.setCodecPreferences(g711)
        await connection.setLocalDescription(await connection.createOffer())
        answer = await tell("offer", connection.localDescription.sdp)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    else:
        offer = await ask("call")
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        await tell("answer", connection.localDescription.sdp)
    while offer := await ask("next"):
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        await tell("answer", connection.localDescription.sdp)


try:
    asyncio.run(main())
except Exception as error:
    knock("failed", repr(error))
    raise
