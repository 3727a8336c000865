// From the picture to one object in seven steps. The picture, and the object that was clicked, come from the board
// above; candidates, objectness and the like are sent once, so that most sliders ask for nothing.
import {button, hear, largest, numbersOf, onThemeChange, percent, slider, tell} from '../../frame/web/controls.js';
import {fill} from '../../frame/web/html.js';
import {boxesOf, makeView} from '../../frame/web/view.js';
import {drawCells, inTile, LEVELS, STEPS} from './steps.js';

export default function ({server, board, find, findAll, liveCaller, loaded}) {
  const asks = Object.fromEntries(Object.entries(server).map(([name, ask]) => [name, liveCaller(ask)]));
  const view = makeView(find('.di-stage canvas'));
  const now = {seen: null, thing: null, crop: null, data: null, at: null, region: null, after: null, channelMap: null};
  let image = null;
  let tile = -1;
  let step = 0;

  // ---- drawing

  // The part of the picture around a box, in pixels of the picture: twice as large, but never a few pixels only.
  function around([left, top, right, bottom], crop) {
    const half = Math.max(right - left, bottom - top, 16) * 0.95;
    const [x, y] = [crop[0] + (left + right) / 2, crop[1] + (top + bottom) / 2];
    return [
      Math.max(crop[0], x - half),
      Math.max(crop[1], y - half),
      Math.min(crop[2], x + half),
      Math.min(crop[3], y + half),
    ];
  }

  view.draw = (pen, hair) => {
    if (now.data) STEPS[step].draw(pen, hair, now);
  };

  function draw() {
    const {name, text, sliders, detail, finish, pick, close} = STEPS[step];
    const {crop} = now;
    board.classList.toggle('di-pick', Boolean(pick));
    find('.di-title').textContent = `${step + 1}. ${name}`;
    for (const [key, {row}] of Object.entries(now.sliders)) row.hidden = !sliders.includes(key);
    if (!now.data) return;
    find('.di-text').textContent = text(now);
    fill(find('.di-detail'), detail(now));
    if (finish) finish(find, now);
    view.show(image, now.seen.size, close && (now.thing || now.region) ? around(close(now), crop) : crop, crop);
  }

  // ---- questions

  async function enter() {
    // the tile that the object is in
    const {seen, sliders} = now;
    const wanted = now.thing ? now.thing.tile : 0;
    if (wanted !== tile || !now.data) {
      const answer = await asks.inside({token: seen.token, tile: wanted});
      if (!answer || now.seen !== seen) return;
      tile = wanted;
      now.crop = seen.tiles[tile];
      now.data = {...answer, before: boxesOf(answer.before)};
      now.after = boxesOf(answer.after);
      for (const level of now.data.levels) {
        level.values = numbersOf(level.values, Uint8Array);
        level.picture = new OffscreenCanvas(level.width, level.height);
        drawCells(level.picture, level.values, level.width, 0, 255);
      }
      sliders.top.limit(1, now.data.before.length);
      sliders.top.set(Math.min(100, now.data.before.length));
      sliders.proposal.limit(1, now.after.length);
      sliders.channel.limit(1, now.data.channels);
      sliders.overlap.set(0.7);
    }
    const {thing, crop} = now;
    const box = thing ? inTile(now) : [0, 0, crop[2] - crop[0], crop[3] - crop[1]];
    sliders.proposal.set(thing ? thing.region + 1 : 1);
    sliders.map.set(bestLevel(box));
    draw();
    await Promise.all([refreshAnchors((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), refreshRegion()]);
  }

  // The map whose surest cell under a box is the surest of all.
  function bestLevel([left, top, right, bottom]) {
    const sure = now.data.levels.map(({width, height, cell, values}) => {
      let most = 0;
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++) {
          const [x, y] = [(column + 0.5) * cell[0], (row + 0.5) * cell[1]];
          if (x >= left && x <= right && y >= top && y <= bottom) most = Math.max(most, values[row * width + column]);
        }
      return most;
    });
    return 1 + largest(sure);
  }

  async function refreshAnchors(x, y) {
    const answer = await asks.anchors({token: now.seen.token, tile, x, y});
    if (answer) {
      now.at = {...answer, point: [x, y]};
      draw();
    }
  }

  async function refreshRegion() {
    if (!now.data) return; // the address may set a slider before there is anything to ask about
    const answer = await asks.region({token: now.seen.token, tile, number: now.sliders.proposal.value - 1});
    if (!answer) return;
    const [points, features] = [answer.points, answer.features].map((text) => numbersOf(text, Float32Array));
    now.region = {...answer, points, features};
    draw();
    await refreshMap();
  }

  async function refreshMap() {
    const {
      seen: {token},
      region: {level},
      sliders,
    } = now;
    const answer = await asks.feature_map({token, tile, level, channel: sliders.channel.value - 1});
    if (answer) {
      now.channelMap = await loaded(answer.picture);
      draw();
    }
  }

  async function refreshProposals() {
    if (!now.data) return;
    const answer = await asks.proposals({token: now.seen.token, tile, overlap: now.sliders.overlap.value});
    if (answer) {
      now.after = boxesOf(answer.after);
      draw();
    }
  }

  // ---- sliders and steps

  const share = {text: (value) => percent(value)};
  const nameOf = (level) => LEVELS[level - 1] || 'all';
  const make = (id, title, [low, high, step, value], moved = draw, more = {}) =>
    slider(find('.di-sliders'), {id: `detection-${id}`, title, low, high, step, value, ...more}, moved);
  now.sliders = {
    level: make('level', 'Feature map', [0, LEVELS.length, 1, 0], draw, {text: nameOf}),
    map: make('map', 'Feature map', [1, LEVELS.length, 1, 1], draw, {text: nameOf}),
    top: make('top', 'Boxes drawn, best first', [1, 1000, 1, 100]),
    overlap: make('suppress', 'Non-maximum suppression: overlap allowed', [0.1, 1, 0.05, 0.7], refreshProposals, share),
    proposal: make('proposal', 'Proposal, best first', [1, 300, 1, 1], refreshRegion),
    channel: make('channel', 'Channel', [1, 96, 1, 1], () => {
      draw();
      if (now.region) refreshMap();
    }),
    refine: make('refine', 'On the way to the refined box', [0, 1, 0.01, 1], draw, share),
    mask: make('cut', 'Mask where the probability is above', [0.05, 0.95, 0.05, 0.5], draw, share),
  };
  const steps = {id: 'detection-step', title: 'Step', low: 1, high: STEPS.length, step: 1, value: 1};
  const walk = slider(find('.di-walk'), {...steps, text: (value) => `${value} of ${walkable()}`}, (value) =>
    go(value - 1),
  );

  function walkable() {
    return STEPS.length - (now.seen && !now.seen.masks);
  }

  function go(next) {
    step = Math.min(next, walkable() - 1);
    walk.set(step + 1);
    findAll('.di-steps button').forEach((one, i) => {
      one.setAttribute('aria-pressed', i === step);
    });
    draw();
  }

  find('.di-steps').append(...STEPS.map(({name}, i) => button(`${i + 1} ${name}`, () => go(i))));
  find('.di-stage canvas').addEventListener('click', (event) => {
    if (now.data && STEPS[step].pick) refreshAnchors(...view.at(event));
  });

  find('.di-people').addEventListener('click', () =>
    document.querySelector('#detection-detector [value=People]').click(),
  );

  hear('detection:picture', (shown) => {
    find('.di-none').hidden = shown.seen.stages;
    for (const part of findAll('.di, .di-steps, .di-walk')) part.hidden = !shown.seen.stages;
    [image, tile] = [shown.image, -1];
    Object.assign(now, {seen: shown.seen, data: null, thing: null, at: null, region: null, channelMap: null});
    find('.di-steps').lastElementChild.hidden = !now.seen.masks;
    walk.limit(1, walkable());
    go(step);
  });
  hear('detection:object', (thing) => {
    now.thing = thing;
    if (now.seen?.stages) enter();
  });
  hear('detection:mask', (threshold) => {
    now.sliders.mask.set(threshold);
    draw();
  });
  onThemeChange(draw);
  go(0);
  tell('detection:hello');
}
