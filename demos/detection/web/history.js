// How long R-CNN, Fast R-CNN and Faster R-CNN take, and how often R-CNN sends each pixel through the backbone.
import {hear, onThemeChange, tell} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makeView} from '../../frame/web/view.js';

export default function ({find, onValue}) {
  const view = makeView(find('.dh-stage canvas'));
  const PARTS = {
    proposals: ['--gallery-third', 'finding proposals'],
    features: ['--gallery-second', 'feature maps'],
    heads: ['--gallery-first', 'class and box of each proposal'],
  };
  const NAMES = ['R-CNN', 'Fast R-CNN', 'Faster R-CNN'];
  let seen = null;
  let image = null;
  let told = null;

  const seconds = (value) => (value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`);
  const many = (value) =>
    value >= 1e6 ? `${(value / 1e6).toFixed(1)} million` : `${Math.round(value / 1000).toLocaleString('en')},000`;
  const sum = (stages) => Object.values(stages).reduce((whole, value) => whole + value, 0);
  const total = (bar) => sum(bar.seconds);

  fill(
    find('.dh-legend'),
    Object.values(PARTS).map(
      ([name, title]) => html`
    <span><i style="background: var(${name})"></i>${title}</span>`,
    ),
  );

  function drawBar(name, bar, longest) {
    if (!bar)
      return html`<div class="dh-bar"><b>${name}</b><div class="dh-track"><span>${told ? '…' : ''}</span></div>
        <small>${told ? 'being measured' : 'not measured yet'}</small></div>`;
    const parts = Object.entries(PARTS).map(
      ([part, [colour]]) => html`<i title="${part}: ${seconds(bar.seconds[part])}"
      style="width: ${(72 * bar.seconds[part]) / longest}%; background: var(${colour})"></i>`,
    );
    const passes = `${bar.passes} ${bar.passes === 1 ? 'pass' : 'passes'}`;
    return html`<div class="dh-bar" data-name="${name}"><b>${name}</b>
      <div class="dh-track">${parts}<span>${seconds(total(bar))}</span></div>
      <small>${passes} through the backbone, ${many(bar.pixels)} pixels; ${bar.regions} proposals</small></div>`;
  }

  // What was measured, with so many proposals as the papers have.
  function drawMore(bars) {
    const found = NAMES.map((name) => bars.find(({title}) => title === name));
    find('.dh-more').hidden = !found.every(Boolean);
    if (find('.dh-more').hidden) return;
    const row = (
      bar,
    ) => html`<tr data-name="${bar.title}"><th>${bar.title}</th><td>${seconds(sum(bar.extrapolated))}</td>
      <td>${seconds(bar.paper)} <small>${bar.source}</small></td></tr>`;
    fill(find('.dh-more tbody'), found.map(row));
    const [alone, once] = found.map((bar) => sum(bar.extrapolated) - bar.extrapolated.proposals);
    const measured = told.boxes.length;
    find('.dh-more p').textContent =
      `What was measured with ${measured} proposals, the time of each taken ${(2000 / measured).toFixed(0)} times: ` +
      `without finding them, R-CNN takes ${(alone / once).toFixed(0)} times as long as Fast R-CNN. The papers’ ` +
      'seconds are of VGG-16 on the GPUs of then; those of the first two leave out finding the proposals, and Faster ' +
      'R-CNN takes the 300 best of its own.';
  }

  function draw() {
    const bars = told?.bars || [];
    const longest = Math.max(...bars.map(total), 1e-9);
    const rows = NAMES.map((name) =>
      drawBar(
        name,
        bars.find(({title}) => title === name),
        longest,
      ),
    );
    fill(find('.dh-bars'), rows);
    drawMore(bars);
    if (!seen) return;
    view.show(image, seen.size, told ? told.tile : [0, 0, ...seen.size]);
    const alone = bars.find(({title}) => title === 'R-CNN');
    const once = bars.find(({title}) => title === 'Fast R-CNN');
    const passed =
      alone && once
        ? ` A pixel goes through the backbone ${(alone.pixels / once.pixels).toFixed(1)} times on average.`
        : '';
    find('.dh-said').textContent = told
      ? `${told.boxes.length} proposals by segments of alike colour (Felzenszwalb and Huttenlocher 2004), each cut ` +
        `out: the brighter, the more of them hold a pixel.${passed}`
      : 'Measure, and the proposals of R-CNN are drawn here.';
  }
  view.draw = (pen, hair) => {
    if (!told) return;
    const [left, top, right, bottom] = told.tile;
    pen.fillStyle = 'rgb(0 0 0 / 0.72)';
    pen.fillRect(0, 0, right - left, bottom - top);
    pen.globalCompositeOperation = 'lighter';
    pen.fillStyle = 'rgb(240 130 40 / 0.07)';
    for (const [x0, y0, x1, y1] of told.boxes) pen.fillRect(x0, y0, x1 - x0, y1 - y0);
    pen.globalCompositeOperation = 'source-over';
    pen.strokeStyle = 'rgb(255 200 140 / 0.5)';
    pen.lineWidth = hair;
    for (const [x0, y0, x1, y1] of told.boxes) pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
  };

  hear('detection:picture', (shown) => {
    [seen, image, told] = [shown.seen, shown.image, null];
    draw();
  });
  onThemeChange(draw);
  draw();
  tell('detection:hello');
  onValue((value) => {
    if (value.boxes) {
      told = value;
      draw();
    }
  });
}
