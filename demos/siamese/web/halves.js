// The two twins side by side: what each sees, its feature maps, its embedding; and what the pair costs.
import {fill, html, made} from '../../frame/web/html.js';
import {makeDrawPad} from '../../frame/web/pad.js';
import {drawn, line, SYMBOLS} from './shared.js';

export default function ({first, server, find, findAll, say, liveCaller}) {
  const FARTHEST = 2;
  const LOSSES = {positive: 'positive, Lᵖ', negative: 'negative, Lⁿ of the slide', hadsell: 'negative, by Hadsell'};
  const askPair = liveCaller(server.compare);
  const askCurves = liveCaller(server.loss_curves);
  const slider = find('.si-margin input');
  const state = {a: null, b: null, distance: null, curves: null};

  for (const end of ['a', 'b'])
    find('.si-twins').append(
      made(html`<section class="si-twin" data-twin="${end}">
        <div><h3>x${end === 'a' ? '₁' : '₂'}</h3><div class="paper"></div></div>
        <div class="si-flow">
          <figure><img class="si-seen" alt="What the network sees"><figcaption>seen</figcaption></figure>
          <figure><img class="si-strokes" alt="First feature maps"><figcaption>first maps: strokes</figcaption></figure>
          <figure><img class="si-features" alt="Last feature maps"><figcaption>last maps: parts</figcaption></figure>
          <svg class="si-units" viewBox="0 0 128 2" preserveAspectRatio="none" role="img"
            aria-label="Embedding, 128 numbers"></svg></div></section>`),
    );

  function showCost() {
    const {distance, curves} = state;
    if (distance === null || !curves) return;
    const at = Math.min(80, (distance / FARTHEST) * 80);
    const value = (ys) => ys[Math.floor(at)] + (at % 1) * ((ys[Math.floor(at) + 1] ?? ys[80]) - ys[Math.floor(at)]);
    find('.si-apart output').textContent = distance.toFixed(3);
    fill(
      find('.si-losses tbody'),
      Object.entries(LOSSES).map(
        ([name, title]) => html`<tr><th data-loss="${name}">${title}</th>
          <td>${value(curves[name].loss).toFixed(3)}</td><td>${value(curves[name].slope).toFixed(2)}</td></tr>`,
      ),
    );
    const xs = Array.from({length: 81}, (_, i) => (i * FARTHEST) / 80);
    const x = (d) => 10 + (380 * d) / FARTHEST;
    const y = (cost) => 210 - 100 * Math.min(2, cost);
    fill(
      find('.si-curves'),
      Object.keys(LOSSES).map(
        (name) => html`<g data-loss="${name}"><path stroke="currentColor" d="${line(xs, curves[name].loss, x, y)}"/>
          <circle fill="currentColor" r="5" cx="${x(distance)}" cy="${y(value(curves[name].loss))}"/></g>`,
      ),
    );
  }

  async function curve() {
    const margin = Number(slider.value);
    find('.si-margin output').textContent = margin.toFixed(2);
    const answer = await askCurves({margin});
    if (!answer) return;
    state.curves = answer;
    showCost();
  }

  async function compare() {
    if (!state.a || !state.b) return;
    const answer = await askPair({a: state.a, b: state.b});
    if (!answer) return;
    findAll('.si-twin').forEach((twin, i) => {
      const {seen, strokes, features, embedding} = answer.twins[i];
      Object.entries({seen, strokes, features}).forEach(([what, uri]) => {
        twin.querySelector(`.si-${what}`).src = uri;
      });
      fill(
        twin.querySelector('.si-units'),
        embedding.map((value, k) => {
          const high = Math.min(1, 3 * Math.abs(value));
          return html`<rect x="${k + 0.1}" width="0.8" y="${value > 0 ? 1 - high : 1}" height="${high}"/>`;
        }),
      );
    });
    state.distance = answer.distance;
    showCost();
  }

  findAll('.si-twin').forEach((twin, i) => {
    const end = 'ab'[i];
    const pad = makeDrawPad(twin.querySelector('.paper'), {
      say,
      label: 'Draw here',
      onDraw: (picture) => {
        state[end] = picture;
        compare();
      },
    });
    pad.show(drawn(SYMBOLS[i ? 10 : 4], i));
  });
  slider.value = first.margin;
  slider.addEventListener('input', curve);
  curve();
}
