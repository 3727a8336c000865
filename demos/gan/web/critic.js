// The visitor's drawing before the three critics, among the scores of real and of generated pictures.
import {percent, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {inked, makeDrawPad} from '../../frame/web/pad.js';

export default function ({first, server, find, say, liveCaller, onValue}) {
  const askScores = liveCaller(server.score_drawing);
  const BINS = 40;
  const WIDTH = 420;
  const HEIGHT = 96;
  const REMARK = {
    gan: '',
    wgan: ' Clipped weights make a critic nearly linear: it cannot say no, even to what is like nothing real.',
    'wgan-gp': '',
  };
  const {formulations} = first;
  let data = 'digits';
  let shown = null;

  const pad = makeDrawPad(find('.paper'), {
    say,
    label: 'Draw one digit',
    onDraw: ask,
    onClear: () => {
      shown = null;
      find('img').removeAttribute('src');
      find('.critic-scores').replaceChildren();
    },
  });

  async function ask() {
    if (pad.empty()) return;
    const answer = await askScores({data, picture: pad.dataURI()});
    if (!answer || pad.empty()) return;
    shown = answer;
    find('img').src = answer.seen;
    draw();
  }

  function outline(values, low, high) {
    const counts = Array(BINS).fill(0);
    for (const value of values)
      counts[Math.min(BINS - 1, Math.max(0, Math.floor(((value - low) / (high - low)) * BINS)))]++;
    const most = Math.max(...counts);
    return counts
      .map((count, bin) => {
        const x = (bin / BINS) * WIDTH;
        const y = HEIGHT - (count / most) * (HEIGHT - 10);
        return `L${x},${y}L${x + WIDTH / BINS},${y}`;
      })
      .join('');
  }

  function draw() {
    fill(
      find('.critic-scores'),
      Object.entries(formulations).map(([name, title]) => {
        const {picture, real, fake} = shown.scores[name];
        let low = Math.min(...real, ...fake, picture);
        let high = Math.max(...real, ...fake, picture);
        if (name === 'gan') {
          low = 0;
          high = 1;
        } else {
          const room = 0.03 * (high - low);
          low -= room;
          high += room;
        }
        const at = Math.max(2, Math.min(WIDTH - 2, ((picture - low) / (high - low)) * WIDTH));
        const above = real.filter((value) => value <= picture).length / real.length;
        const generated = fake.filter((value) => value <= picture).length / fake.length;
        const symbol = name === 'gan' ? html`D(x)` : html`f<sub>w</sub>(x)`;
        return html`<section><h3>${title}: ${symbol} = <output>${written(picture)}</output></h3>
        <svg viewBox="0 0 ${WIDTH} ${HEIGHT + 20}" role="img"
          aria-label="Scores of real and generated pictures; yours at ${written(picture)}">
          <path class="critic-real" d="M0,${HEIGHT}${outline(real, low, high)}L${WIDTH},${HEIGHT}Z"/>
          <path class="critic-fake" d="M0,${HEIGHT}${outline(fake, low, high)}L${WIDTH},${HEIGHT}Z"/>
          <line class="critic-yours" x1="${at}" x2="${at}" y1="0" y2="${HEIGHT}"/>
          <text x="0" y="${HEIGHT + 16}">${written(low)}</text>
          <text x="${WIDTH}" y="${HEIGHT + 16}" text-anchor="end">${written(high)}</text>
        </svg>
        <p>As real as or more real than ${percent(above)} of the test pictures,
          and ${percent(generated)} of the generated ones.${REMARK[name]}</p></section>`;
      }),
    );
  }

  onValue((value) => {
    if (!value.data || value.data === data) return;
    data = value.data;
    pad.clear();
  });
  pad.show(inked('M80 70L200 70L130 220')); // a seven
}
