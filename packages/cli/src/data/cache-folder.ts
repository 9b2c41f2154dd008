import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** The folder of the program in the one that the system has for caches: nothing is lost where it goes. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  const ofSystem: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(homedir(), 'Library', 'Caches'),
    win32: LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'),
  };
  return join(XDG_CACHE_HOME || (ofSystem[platform()] ?? join(homedir(), '.cache')), 'uniecs');
}
