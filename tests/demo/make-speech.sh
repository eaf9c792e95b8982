#!/bin/sh
# Makes speech.ulaw from speech.txt: exactly 10 s of G.711 µ-law, 8 kHz, mono, no header (80,000 bytes).
# The text is this project's own, the voice is synthetic; both are free under the project's licence.
# Needs espeak-ng and sox. The result is kept in the repository, so nobody has to run this.
set -eu
cd "$(dirname "$0")"
spoken=$(mktemp --suffix=.wav)
trap 'rm -f "$spoken"' EXIT
espeak-ng -v en-gb -s 162 -f speech.txt -w "$spoken"
# Quieter by 1 dB against clipping, telephone rate, padded or cut to 10 s.
sox -V1 "$spoken" -t raw -r 8000 -c 1 -e u-law -b 8 speech.ulaw norm -1 pad 0 10 trim 0 10
echo "speech.ulaw: $(wc -c <speech.ulaw) bytes; spoken part $(soxi -D "$spoken") s"
