/** A time as people say it: `8 s`, `4 min 10 s`, `2 h 5 min`; `?` where it is unknown. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(Math.round(whole / 60) / 60);
  const rest = Math.round(whole / 60) % 60;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** A rate with three digits that count: `0.84`, `84.1`, `1,240`. */
export function rate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '?';
  if (perSecond >= 100) return Math.round(perSecond).toLocaleString('en-US');
  return perSecond.toFixed(perSecond >= 10 ? 1 : 2);
}
