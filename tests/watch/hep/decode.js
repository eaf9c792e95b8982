// HEP packets in hexadecimal, a line each, to JSON, a line each.
const hep = require('hep-js');
const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter((line) => line);
for (const line of lines) console.log(JSON.stringify(hep.decapsulate(Buffer.from(line, 'hex'))));
