// The playground of the pose tab: a picture, its people, and what thresholds, matching and the hand make of them.
// Says 'pose:picture' and 'pose:found' to the other boards, and listens to 'pose:stage'.
import {saveFile} from '../../frame/web/controls.js';
import {drawPeople} from '../../frame/web/skeleton.js';

export default function ({first, server, board, find, liveCaller, onValue}) {
  const askKeep = liveCaller(server.keep), askPeople = liveCaller(server.people), askKeypoints = liveCaller(server.keypoints);
  const canvas = find('canvas'), context = canvas.getContext('2d'), picture = new Image();
  const {peak, link, matchings} = first.settings;
  const state = {stage: 0, peak, link, matching: Object.keys(matchings)[0], guess: false};
  const LONGEST = 1000, NEAR = 16;  // pixels: of the canvas, and from the pointer to a joint that it takes
  let value = null, token = null, found = null, moved = new Map(), touched = null, zoom = 1, asked = 0;
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));
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
    const turn = ++asked, now = query();
    board.ariaBusy = 'true';
    const answer = await askPeople(now);
    if (answer && now.token === token) {
      found = answer;
      draw();
      describe();
      tell('pose:found', {value, found, query: now});
    }
    board.ariaBusy = turn !== asked;
  }

  const placesOf = (one) => one.peaks.map((number, joint) => {
    if (number === null) return one.guesses[joint] ? one.guesses[joint].map((at) => (at + 0.5) * zoom) : null;
    const [x, y] = moved.get(`${joint},${number}`)?.slice(2) || found.peaks[joint][number];
    return [(x + 0.5) * zoom, (y + 0.5) * zoom];
  });

  function draw() {
    if (!value) return;
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    if (!found) return;
    const people = found.people.map((one, index) => (
      {number: index + 1, places: placesOf(one), guessed: one.peaks.map((number) => number === null)}));
    const high = people.map(({places}) => Math.max(...places.map((at) => at?.[1] ?? -1)) - Math.min(...places.map((at) => at?.[1] ?? 1e9)));
    const size = Math.min(7, Math.max(2, Math.max(0, ...high) / 60));
    drawPeople(context, people, value.limbs, size);
  }

  function describe() {
    const count = found.people.length;
    find('.po-count').textContent = count === 0
      ? 'No person is found here. Lower thresholds find more; a finer look finds people who are small.'
      : `${count} ${count === 1 ? 'person' : 'people'}`;
    find('.po').classList.toggle('po-nobody', count === 0);
    find('.po-people').innerHTML = found.people.map(({peaks, score, vote}, index) => {
      const there = peaks.filter((number) => number !== null).length;
      return `<li><b>${index + 1}</b> ${there} of ${peaks.length} joints, belief ${score.toFixed(2)}${vote === null ? '' : `, PoseNet’s vote ${vote.toFixed(2)}`}</li>`;
    }).join('');
    find('.po-back').disabled = moved.size === 0;
    find('.po').classList.toggle('po-moved', moved.size > 0);
  }

  // ---- the hand

  function at(event) {
    const box = canvas.getBoundingClientRect(), shrunk = canvas.width / box.width;
    return [(event.clientX - box.left) * shrunk, (event.clientY - box.top) * shrunk, NEAR * shrunk];
  }

  function nearest(event) {
    const [x, y, reach] = at(event);
    let best = null, least = reach;
    for (const one of found?.people || []) {
      placesOf(one).forEach((place, joint) => {
        const far = place && one.peaks[joint] !== null ? Math.hypot(place[0] - x, place[1] - y) : Infinity;
        if (far < least) [least, best] = [far, {joint, number: one.peaks[joint]}];
      });
    }
    return best;
  }

  function move({joint, number}, x, y) {
    const inside = [x, y].map((place, axis) => Math.min(Math.max(place / zoom - 0.5, 0), [value.width, value.height][axis] - 1));
    moved.set(`${joint},${number}`, [joint, number, ...inside]);
    draw();
    refresh();
  }

  let dragged = null;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !(dragged = nearest(event))) return;
    touched = dragged;
    try { canvas.setPointerCapture(event.pointerId); } catch (_) { /* a made-up pointer */ }
  });
  canvas.addEventListener('pointermove', (event) => {
    canvas.classList.toggle('po-near', Boolean(dragged || nearest(event)));
    if (dragged) move(dragged, ...at(event));
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) canvas.addEventListener(end, () => { dragged = null; });
  canvas.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!step || !touched) return;
    event.preventDefault();
    const {joint, number} = touched, from = moved.get(`${joint},${number}`)?.slice(2) || found?.peaks[joint]?.[number];
    if (from) move(touched, ...from.slice(0, 2).map((place, axis) => (place + 0.5 + step[axis] * (event.shiftKey ? 10 : 1)) * zoom));
  });
  find('.po-back').addEventListener('click', () => { moved = new Map(); refresh(); });

  // ---- thresholds and matching

  for (const name of ['peak', 'link']) {
    const input = find(`#pose-${name}`), show = () => { find(`output[for=pose-${name}]`).textContent = state[name].toFixed(2); };
    input.value = state[name];
    input.addEventListener('input', () => { state[name] = Number(input.value); show(); refresh(); });
    show();
  }
  const buttons = Object.entries(matchings).map(([key, title]) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = title;
    button.addEventListener('click', () => { state.matching = key; pressed(); refresh(); });
    find('.po-matching').append(button);
    return [key, button];
  });
  const pressed = () => buttons.forEach(([key, button]) => button.setAttribute('aria-pressed', key === state.matching));
  pressed();
  find('.po-guess').addEventListener('click', ({currentTarget}) => {
    state.guess = !state.guess;
    currentTarget.setAttribute('aria-pressed', state.guess);
    refresh();
  });

  // ---- to take away

  find('.po-png').addEventListener('click', () => { if (found) canvas.toBlob((blob) => saveFile(blob, 'pose.png')); });
  for (const layout of ['openpose', 'coco']) {
    find(`.po-${layout}`).addEventListener('click', async () => {
      const answer = token && await askKeypoints(query());
      if (answer) saveFile(new Blob([JSON.stringify(answer[layout], null, 1)], {type: 'application/json'}), `${layout}.json`);
    });
  }

  // ---- the other boards

  document.addEventListener('pose:stage', ({detail}) => {
    if (!value) return;
    state.stage = detail;
    [moved, touched] = [new Map(), null];  // other peaks
    refresh();
  });
  document.addEventListener('pose:hello', () => {
    if (value) tell('pose:picture', {value, picture});
    if (found) tell('pose:found', {value, found, query: query()});
  });
  onValue(open);
}
