import { frame } from './line-chart.js';

/**
 * The page's script: a read-out of the numbers under the pointer, a finger, or where the arrow keys go. Its data are those of the
 * script element `chart-data`, written by `scriptData`. Without it the page loses nothing but that.
 */
export const pageScript = `'use strict';
const { left, right, width } = ${JSON.stringify(frame)};
const page = JSON.parse(document.getElementById('chart-data').textContent);
const show = (x, scale) => {
  const v = x * scale, size = Math.abs(v);
  if (size >= 1e7 || (v !== 0 && size < 1e-3)) return v.toExponential(2);
  return size >= 1000 ? Math.round(v).toLocaleString('en-US') : String(Number(v.toPrecision(4)));
};
for (const plot of document.querySelectorAll('.plot')) {
  const chart = page.charts[plot.dataset.chart];
  const figure = plot.parentElement, read = figure.querySelector('.read'), cursor = plot.querySelector('.cursor');
  const ats = [...new Set(chart.lines.flatMap((line) => line.at))].sort((a, b) => a - b);
  if (ats.length === 0) continue;
  let here = -1;
  const middle = (at) => (at * page.width + 1 + Math.min((at + 1) * page.width, page.steps)) / 2;
  const go = (i) => {
    here = Math.max(0, Math.min(ats.length - 1, i));
    const at = ats[here], first = at * page.width + 1, last = Math.min((at + 1) * page.width, page.steps);
    const x = left + (page.steps > 1 ? (middle(at) - 1) / (page.steps - 1) : 0.5) * (width - left - right);
    cursor.setAttribute('x1', x);
    cursor.setAttribute('x2', x);
    cursor.classList.add('on');
    const said = chart.lines.flatMap((line) => {
      const j = line.at.indexOf(at);
      if (j < 0) return [];
      const range = line.low && line.low[j] < line.high[j] ? ' (' + show(line.low[j], chart.scale) + ' to ' + show(line.high[j], chart.scale) + ')' : '';
      return [(chart.lines.length > 1 ? line.name + ' ' : '') + show(line.mean[j], chart.scale) + chart.unit + range];
    });
    const steps = first === last ? 'step ' + first.toLocaleString('en-US') : 'steps ' + first.toLocaleString('en-US') + ' to ' + last.toLocaleString('en-US');
    read.textContent = steps + ': ' + said.join(', ');
  };
  const leave = () => {
    here = -1;
    cursor.classList.remove('on');
    read.textContent = '';
  };
  const point = (event) => {
    const box = plot.getBoundingClientRect();
    const share = (((event.clientX - box.left) / box.width) * width - left) / (width - left - right);
    const step = 1 + share * (page.steps - 1);
    let near = 0;
    for (let i = 1; i < ats.length; i++) if (Math.abs(middle(ats[i]) - step) < Math.abs(middle(ats[near]) - step)) near = i;
    go(near);
  };
  plot.addEventListener('pointermove', point);
  plot.addEventListener('pointerdown', point);
  plot.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') leave(); });
  plot.tabIndex = 0;
  plot.setAttribute('role', 'group');
  plot.setAttribute('aria-label', figure.querySelector('h3').textContent + ': arrow keys read the numbers');
  plot.addEventListener('blur', leave);
  plot.addEventListener('keydown', (event) => {
    const far = Math.max(1, Math.round(ats.length / 20));
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, PageDown: here - far, PageUp: here + far, Home: 0, End: ats.length - 1 }[event.key];
    if (event.key === 'Escape') leave();
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  });
}
`;
