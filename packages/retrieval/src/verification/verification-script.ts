/**
 * The script of the verification page: shows one pair after the other, takes decisions by button and key, keeps them in the browser, and
 * reads and writes them as the file that `parseDecisions` of `@uniecs/mbeer` reads. Its data are those of the script element `pairs`.
 */
export const verificationScript = `'use strict';
const data = JSON.parse(document.getElementById('pairs').textContent);
const by = (id) => document.getElementById(id);
const nameOf = (pair) => JSON.stringify([pair.item1.id, pair.item2.id].sort());
const known = new Map(data.pairs.map((pair, i) => [nameOf(pair), i]));
const decisions = data.pairs.map(() => undefined);
let here = 0;
const asFile = () => ({
  version: 1,
  decisions: data.pairs.flatMap((pair, i) =>
    decisions[i] ? [{ item1: pair.item1.id, item2: pair.item2.id, decision: decisions[i] }] : [],
  ),
});
const take = (content) => {
  if (content === null || typeof content !== 'object' || content.version !== 1 || !Array.isArray(content.decisions)) return undefined;
  let taken = 0;
  for (const entry of content.decisions) {
    if (entry === null || typeof entry !== 'object') continue;
    const { item1, item2, decision } = entry;
    if (decision !== 'accept' && decision !== 'reject') continue;
    const i = known.get(JSON.stringify([item1, item2].sort()));
    if (i === undefined) continue;
    decisions[i] = decision;
    taken += 1;
  }
  return taken;
};
const undecided = (from) => {
  for (let k = 0; k < decisions.length; k++) {
    const i = (from + k) % decisions.length;
    if (!decisions[i]) return i;
  }
  return from;
};
const keep = () => {
  try {
    localStorage.setItem(data.key, JSON.stringify(asFile()));
    return '';
  } catch {
    return 'this browser keeps nothing: save the decisions before you leave';
  }
};
const side = (place, item) => {
  const picture = by('picture' + place);
  picture.hidden = !item.picture;
  if (item.picture) picture.src = item.picture;
  picture.alt = item.title || item.id;
  by('missing' + place).hidden = Boolean(item.picture);
  by('title' + place).textContent = item.title || '(no title)';
  by('id' + place).textContent = item.id;
};
const show = (note) => {
  const pair = data.pairs[here];
  side(1, pair.item1);
  side(2, pair.item2);
  const count = (which) => decisions.filter((decision) => decision === which).length;
  const [accepted, rejected] = [count('accept'), count('reject')];
  by('place').textContent = 'pair ' + (here + 1) + ' of ' + decisions.length;
  by('counts').textContent = accepted + ' accepted, ' + rejected + ' rejected, ' + (decisions.length - accepted - rejected) + ' left';
  by('state').textContent = decisions[here] === 'accept' ? 'accepted' : decisions[here] === 'reject' ? 'rejected' : 'not decided';
  by('pair').dataset.state = decisions[here] || '';
  by('note').textContent = note || '';
};
const decide = (decision) => {
  decisions[here] = decision;
  const note = keep();
  if (decision) here = undecided((here + 1) % decisions.length);
  show(decisions.every(Boolean) ? note || 'every pair is decided: save the decisions' : note);
};
const go = (to) => {
  here = Math.max(0, Math.min(decisions.length - 1, to));
  show();
};
const actions = {
  accept: () => decide('accept'),
  reject: () => decide('reject'),
  clear: () => decide(undefined),
  previous: () => go(here - 1),
  next: () => go(here + 1),
  save: () => {
    const link = document.createElement('a');
    const address = URL.createObjectURL(new Blob([JSON.stringify(asFile(), null, 1) + '\\n'], { type: 'application/json' }));
    link.href = address;
    link.download = 'decisions.json';
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  },
};
for (const [name, action] of Object.entries(actions)) by(name).addEventListener('click', action);
const keys = { a: 'accept', r: 'reject', u: 'clear', ArrowLeft: 'previous', ArrowRight: 'next', s: 'save' };
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const name = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!name) return;
  event.preventDefault();
  actions[name]();
});
by('load').addEventListener('change', async (event) => {
  const file = event.target.files[0];
  event.target.value = '';
  if (!file) return;
  let taken;
  try {
    taken = take(JSON.parse(await file.text()));
  } catch {
    taken = undefined;
  }
  const note = taken === undefined ? 'that is no file of decisions' : taken + ' decisions taken from the file';
  if (taken) here = undecided(here);
  show(note + (taken ? (keep() && '; ' + keep()) : ''));
});
try {
  take(JSON.parse(localStorage.getItem(data.key)));
} catch {}
here = undecided(0);
show();
`;
