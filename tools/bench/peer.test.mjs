import { expect, it } from 'vitest';
import { startPeer } from './peer.mjs';

/** @param {string} program of a child that has said hello */
const child = (program) => startPeer(process.execPath, ['-e', `console.log('{"hello": 1}'); ${program}`]);

it('answers, and passes over what a library prints', async () => {
  const peer = await child(`process.stdin.once('data', () => console.log('hi\\n{"ms": 3}'))`);
  expect(peer.ready).toEqual({ hello: 1 });
  expect(await peer.ask({ do: 'it' })).toEqual({ ms: 3 });
  await peer.stop();
});

it('tells of a child that was killed, whatever is asked of it then, and stops all the same', async () => {
  const peer = await child(`process.stdin.once('data', () => process.kill(process.pid, 'SIGKILL'))`);
  await expect(peer.ask({ do: 'it' })).rejects.toThrow('ended with SIGKILL');
  await expect(peer.ask({ do: 'it' })).rejects.toThrow('ended with SIGKILL');
  await peer.stop();
});
