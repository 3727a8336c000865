// The playground of the pose tab: a picture, its people, and what thresholds, matching and the hand make of them.
// Says 'pose:picture' and 'pose:found' to the other boards, and listens to 'pose:stage'.
import {capture, choices, hear, onRelease, saveCanvas, saveJson, stepOf, tell} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {drawPeople} from '../../frame/web/skeleton.js';

export default function ({first, server, find, liveCaller, onValue}) {
  const askKeep = liveCaller(server.keep);
  const askPeople = liveCaller(server.people);
  const askKeypoints = liveCaller(server.keypoints);
  const canvas = find('canvas');
  const context = canvas.getContext('2d');
  const picture = new Image();
  const {peak, link, matchings} = first.settings;
  const state = {stage: 0, peak, link, matching: Object.keys(matchings)[0], guess: false};
  const LONGEST = 1000;
  const NEAR = 16; // pixels: of the canvas, and from the pointer to a joint that it takes
  let value = null;
  let token = null;
  let found = null;
  let moved = new Map();
  let touched = null;
  let zoom = 1;
  const query = () => ({...state, token, moved: [...moved.values()]});

  // ---- a picture, and what is found in it

  async function open(next) {
    if (!next.picture || next === value) return;
    picture.src = next.picture;
    await picture.decode();
    [value, token, found, moved, touched] = [next, null, null, new Map(), null];
    zoom = LONGEST / Math.max(value.width, value.height);
    [canvas.width, canvas.height] = [value.width, value.height].map((side) => Math.max(1, Math.round(side * zoom)));
    state.stage = value.maps.stages - 1;
    draw();
    tell('pose:picture', {value, picture});
    const answer = await askKeep(value.maps);
    if (!answer || value !== next) return;
    token = answer.token;
    refresh();
  }

  async function refresh() {
    if (!token) return;
    const now = query();
    const answer = await askPeople(now);
    if (!answer || now.token !== token) return;
    found = answer;
    draw();
    describe();
    tell('pose:found', {value, found, query: now});
  }

  const placesOf = (one) =>
    one.peaks.map((number, joint) => {
      if (number === null) return one.guesses[joint] ? one.guesses[joint].map((at) => (at + 0.5) * zoom) : null;
      const [x, y] = moved.get(`${joint},${number}`)?.slice(2) || found.peaks[joint][number];
      return [(x + 0.5) * zoom, (y + 0.5) * zoom];
    });

  function draw() {
    if (!value) return;
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    if (!found) return;
    const people = found.people.map((one, index) => ({
      number: index + 1,
      places: placesOf(one),
      guessed: one.peaks.map((number) => number === null),
    }));
    const high = people.map(
      ({places}) => Math.max(...places.map((at) => at?.[1] ?? -1)) - Math.min(...places.map((at) => at?.[1] ?? 1e9)),
    );
    const size = Math.min(7, Math.max(2, Math.max(0, ...high) / 60));
    drawPeople(context, people, value.limbs, size);
  }

  function describe() {
    const count = found.people.length;
    find('.po-count').textContent =
      count === 0
        ? 'No person is found here. Lower thresholds find more; a finer look finds people who are small. Somebody ' +
          'upside down, or lying, is found only where the picture is turned so that the head is up.'
        : `${count} ${count === 1 ? 'person' : 'people'}`;
    find('.po').classList.toggle('po-nobody', count === 0);
    fill(
      find('.po-people'),
      found.people.map(({peaks, score, vote}, index) => {
        const there = peaks.filter((number) => number !== null).length;
        const voted = vote === null ? '' : `, PoseNet’s vote ${vote.toFixed(2)}`;
        return html`<li><b>${index + 1}</b> ${there} of ${peaks.length} joints,
          belief ${score.toFixed(2)}${voted}</li>`;
      }),
    );
    find('.po-back').disabled = moved.size === 0;
    find('.po').classList.toggle('po-moved', moved.size > 0);
  }

  // ---- the hand

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const shrunk = canvas.width / box.width;
    return [(event.clientX - box.left) * shrunk, (event.clientY - box.top) * shrunk, NEAR * shrunk];
  }

  function nearest(event) {
    const [x, y, reach] = at(event);
    let best = null;
    let least = reach;
    for (const one of found?.people || []) {
      placesOf(one).forEach((place, joint) => {
        const far = place && one.peaks[joint] !== null ? Math.hypot(place[0] - x, place[1] - y) : Infinity;
        if (far < least) [least, best] = [far, {joint, number: one.peaks[joint]}];
      });
    }
    return best;
  }

  function move({joint, number}, x, y) {
    const inside = [x, y].map((place, axis) =>
      Math.min(Math.max(place / zoom - 0.5, 0), [value.width, value.height][axis] - 1),
    );
    moved.set(`${joint},${number}`, [joint, number, ...inside]);
    draw();
    refresh();
  }

  let dragged = null;
  canvas.addEventListener('pointerdown', (event) => {
    dragged = event.button === 0 ? nearest(event) : null;
    if (!dragged) return;
    touched = dragged;
    capture(canvas, event);
  });
  canvas.addEventListener('pointermove', (event) => {
    canvas.classList.toggle('po-near', Boolean(dragged || nearest(event)));
    if (dragged) move(dragged, ...at(event));
  });
  onRelease(canvas, () => {
    dragged = null;
  });
  canvas.addEventListener('keydown', (event) => {
    const step = touched && stepOf(event);
    if (!step) return;
    const {joint, number} = touched;
    const from = moved.get(`${joint},${number}`)?.slice(2) || found?.peaks[joint]?.[number];
    const [right, up] = step.map((one) => one * (event.shiftKey ? 10 : 1));
    if (from) move(touched, (from[0] + 0.5 + right) * zoom, (from[1] + 0.5 - up) * zoom);
  });
  find('.po-back').addEventListener('click', () => {
    moved = new Map();
    refresh();
  });

  // ---- thresholds and matching

  for (const name of ['peak', 'link']) {
    const input = find(`#pose-${name}`);
    const show = () => {
      find(`output[for=pose-${name}]`).textContent = state[name].toFixed(2);
    };
    input.value = state[name];
    input.addEventListener('input', () => {
      state[name] = Number(input.value);
      show();
      refresh();
    });
    show();
  }
  choices(
    find('.po-matching'),
    matchings,
    () => state.matching,
    (key) => {
      state.matching = key;
      refresh();
    },
  );
  find('.po-guess').addEventListener('click', ({currentTarget}) => {
    state.guess = !state.guess;
    currentTarget.setAttribute('aria-pressed', state.guess);
    refresh();
  });

  // ---- to take away

  find('.po-png').addEventListener('click', () => {
    if (found) saveCanvas(canvas, 'pose.png');
  });
  for (const layout of ['openpose', 'coco']) {
    find(`.po-${layout}`).addEventListener('click', async () => {
      const answer = token && (await askKeypoints(query()));
      if (answer) saveJson(answer[layout], `${layout}.json`);
    });
  }

  // ---- the other boards

  hear('pose:stage', (stage) => {
    if (!value) return;
    state.stage = stage;
    [moved, touched] = [new Map(), null]; // other peaks
    refresh();
  });
  hear('pose:hello', () => {
    if (value) tell('pose:picture', {value, picture});
    if (found) tell('pose:found', {value, found, query: query()});
  });
  onValue(open);
}
