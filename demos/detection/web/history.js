// How long R-CNN, Fast R-CNN and Faster R-CNN take, and how often R-CNN sends each pixel through the backbone.
import {onThemeChange} from '../../frame/web/controls.js';
import {makeView} from '../../frame/web/view.js';

export default function ({find, onValue}) {
  const view = makeView(find('.dh-stage canvas'));
  const PARTS = {proposals: ['--gallery-third', 'finding proposals'], features: ['--gallery-second', 'feature maps'], heads: ['--gallery-first', 'class and box of each proposal']};
  const NAMES = ['R-CNN', 'Fast R-CNN', 'Faster R-CNN'];
  let seen = null, image = null, told = null;

  const seconds = (value) => (value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`);
  const many = (value) => (value >= 1e6 ? `${(value / 1e6).toFixed(1)} million` : Math.round(value / 1000).toLocaleString('en') + ',000');

  find('.dh-legend').innerHTML = Object.values(PARTS).map(([name, title]) => `<span><i style="background: var(${name})"></i>${title}</span>`).join('');

  function draw() {
    const bars = told?.bars || [], total = (bar) => Object.values(bar.seconds).reduce((sum, value) => sum + value, 0);
    const longest = Math.max(...bars.map(total), 1e-9);
    find('.dh-bars').innerHTML = NAMES.map((name) => {
      const bar = bars.find(({title}) => title === name);
      if (!bar) return `<div class="dh-bar"><b>${name}</b><div class="dh-track"><span>${told ? '…' : ''}</span></div><small>${told ? 'being measured' : 'not measured yet'}</small></div>`;
      const parts = Object.entries(PARTS).map(([part, [colour]]) => `<i title="${part}: ${seconds(bar.seconds[part])}" style="width: ${72 * bar.seconds[part] / longest}%; background: var(${colour})"></i>`);
      return `<div class="dh-bar" data-name="${name}"><b>${name}</b><div class="dh-track">${parts.join('')}<span>${seconds(total(bar))}</span></div>`
        + `<small>${bar.passes} ${bar.passes === 1 ? 'pass' : 'passes'} through the backbone, ${many(bar.pixels)} pixels; ${bar.regions} proposals</small></div>`;
    }).join('');
    if (!seen) return;
    view.show(image, seen.size, told ? told.tile : [0, 0, ...seen.size]);
    const alone = bars.find(({title}) => title === 'R-CNN'), once = bars.find(({title}) => title === 'Fast R-CNN');
    find('.dh-said').textContent = told
      ? `${told.boxes.length} proposals by segments of alike colour (Felzenszwalb and Huttenlocher 2004), each cut out: the brighter, the more of them hold a pixel.`
        + (alone && once ? ` A pixel goes through the backbone ${(alone.pixels / once.pixels).toFixed(1)} times on average.` : '')
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

  document.addEventListener('detection:picture', ({detail}) => { [seen, image] = [detail.seen, detail.image]; told = null; draw(); });
  onThemeChange(draw);
  draw();
  document.dispatchEvent(new CustomEvent('detection:hello'));
  onValue((value) => { if (value.boxes) { told = value; draw(); } });
}
