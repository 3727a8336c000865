// The playground of the pose tab: a picture, its people, and what thresholds, matching and the hand make of them.
// People are read one by one, by MoveNet ('movenet') or by the pose machine ('closer'), or are those of a machine that
// has maps of the whole picture ('maps'), which the other boards look into.
// Says 'pose:picture' and 'pose:found' to them, and listens to 'pose:stage'.
import {
  capture,
  choices,
  hear,
  listed,
  onRelease,
  saveCanvas,
  saveJson,
  stepOf,
  tell,
  unlisted,
} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {drawPeople} from '../../frame/web/skeleton.js';
import {remember} from '../../frame/web/state.js';

export default function ({first, server, find, liveCaller, onValue}) {
  const KINDS = ['movenet', 'closer', 'maps'];
  const callers = (keep) => Object.fromEntries(KINDS.map((kind) => [kind, liveCaller(keep(kind))]));
  const askKeep = callers((kind) => (kind === 'maps' ? server.keep : server.keep_seen));
  const askPeople = callers(() => server.people);
  const askKeypoints = liveCaller(server.keypoints);
  const canvas = find('canvas');
  const context = canvas.getContext('2d');
  const picture = new Image();
  const {peaks, link, matchings} = first.settings;
  const state = {stage: 0, link, matching: Object.keys(matchings)[0], guess: false};
  const LONGEST = 1000;
  const NEAR = 16; // pixels: of the canvas, and from the pointer to a joint that it takes
  let value = null;
  let network = 'movenet';
  let tokens = {};
  let found = {};
  let moved = new Map();
  let touched = null;
  let zoom = 1;
  const query = (kind) => ({
    ...state,
    peak: peaks[kind],
    token: tokens[kind],
    moved: kind === network ? [...moved.values()] : [],
  });
  const limbsOf = () => (network === 'maps' ? value.limbs : value.top_down[network].limbs);
  const namesOf = () => ({
    movenet: 'MoveNet',
    closer: 'Pose machine on boxes',
    maps: value?.network === 'published' ? 'OpenPose' : 'Pose machine',
  });

  // ---- a picture, and what is found in it

  async function open(next) {
    if (!next.picture || next === value) return;
    picture.src = next.picture;
    await picture.decode();
    const others = value && value.network !== next.network;
    [value, tokens, found, moved, touched] = [next, {}, {}, new Map(), null];
    if (others && value.network === 'published') network = 'maps'; // OpenPose was asked for
    zoom = LONGEST / Math.max(value.width, value.height);
    [canvas.width, canvas.height] = [value.width, value.height].map((side) => Math.max(1, Math.round(side * zoom)));
    state.stage = value.maps.stages - 1;
    showNetworks();
    draw();
    tell('pose:picture', {value, picture});
    const given = (by) => (by === 'maps' ? value.maps : {by, ...value.top_down[by].seen});
    const kept = await Promise.all(KINDS.map((kind) => askKeep[kind](given(kind))));
    if (value !== next || !kept.every(Boolean)) return;
    KINDS.forEach((kind, at) => {
      tokens[kind] = kept[at].token;
    });
    refresh(KINDS);
  }

  async function refresh(kinds = [network]) {
    if (!tokens.maps) return;
    await Promise.all(
      kinds.map(async (kind) => {
        const now = query(kind);
        const answer = await askPeople[kind](now);
        if (!answer || now.token !== tokens[kind]) return;
        found[kind] = answer;
        if (kind === 'maps') found.query = now;
      }),
    );
    draw();
    describe();
    if (found.maps && kinds.includes('maps')) tell('pose:found', {value, found: found.maps, query: found.query});
  }

  const placesOf = (one) =>
    one.peaks.map((number, joint) => {
      if (number === null) return one.guesses[joint] ? one.guesses[joint].map((at) => (at + 0.5) * zoom) : null;
      const [x, y] = moved.get(`${joint},${number}`)?.slice(2) || found[network].peaks[joint][number];
      return [(x + 0.5) * zoom, (y + 0.5) * zoom];
    });

  function draw() {
    if (!value) return;
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    if (!found[network]) return;
    const people = found[network].people.map((one, index) => ({
      number: index + 1,
      places: placesOf(one),
      guessed: one.peaks.map((number) => number === null),
    }));
    const high = people.map(
      ({places}) => Math.max(...places.map((at) => at?.[1] ?? -1)) - Math.min(...places.map((at) => at?.[1] ?? 1e9)),
    );
    const size = Math.min(7, Math.max(2, Math.max(0, ...high) / 60));
    drawPeople(context, people, limbsOf(), size);
  }

  const counted = (count) => ['nobody', '1 person'][count] || `${count} people`;
  const NOBODY = {
    movenet:
      'No person is found here, and none where the picture is turned upside down. Somebody lying is found where the ' +
      'picture is turned so that the head is up.',
    closer: 'No person is found here: there is none in a box of NanoDet-Plus of whom the pose machine is sure.',
    maps:
      'No person is found here. Lower thresholds find more; a finer look finds people who are small. MoveNet ' +
      'also looks for people upside down; this network finds them, and who is lying, only where the picture is turned.',
  };

  function describe() {
    if (!found[network]) return;
    const {people} = found[network];
    const others = KINDS.filter((kind) => kind !== network && found[kind]);
    find('.po-count').textContent = people.length ? counted(people.length) : NOBODY[network];
    find('.po-other').textContent = others
      .map((kind) => `${namesOf()[kind]}: ${counted(found[kind].people.length)}.`)
      .join(' ');
    find('.po').classList.toggle('po-nobody', people.length === 0);
    find('.po').classList.toggle('po-top-down', network !== 'maps');
    fill(
      find('.po-people'),
      people.map(({peaks: joints}, index) => {
        const there = joints.filter((number) => number !== null).length;
        return html`<li><b>${index + 1}</b><meter min="0" max="${joints.length}" value="${there}"></meter>${there} of
          ${joints.length} joints</li>`;
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
    for (const one of found[network]?.people || []) {
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
    const from = moved.get(`${joint},${number}`)?.slice(2) || found[network]?.peaks[joint]?.[number];
    const [right, up] = step.map((one) => one * (event.shiftKey ? 10 : 1));
    if (from) move(touched, (from[0] + 0.5 + right) * zoom, (from[1] + 0.5 - up) * zoom);
  });
  find('.po-back').addEventListener('click', () => {
    moved = new Map();
    refresh();
  });
  remember(canvas, 'joints', {
    get: () => (moved.size ? listed([...moved.values()].flat(), 1) : null),
    set(text) {
      const to = unlisted(text) || [];
      const joints = Array.from({length: to.length / 4}, (_, i) => to.slice(4 * i, 4 * i + 4));
      moved = new Map(
        joints
          .filter(([joint, number]) => found[network]?.peaks[joint]?.[number])
          .map((one) => [`${one[0]},${one[1]}`, one]),
      );
      if (found[network]) refresh();
    },
  });

  // ---- who answers, thresholds and matching

  function showPeak() {
    find('#pose-peak').value = peaks[network];
    find('output[for=pose-peak]').textContent = peaks[network].toFixed(2);
  }
  function showLink() {
    find('output[for=pose-link]').textContent = state.link.toFixed(2);
  }
  find('#pose-peak').addEventListener('input', ({target}) => {
    peaks[network] = Number(target.value);
    showPeak();
    refresh();
  });
  find('#pose-link').value = link;
  find('#pose-link').addEventListener('input', ({target}) => {
    state.link = Number(target.value);
    showLink();
    refresh(['maps']);
  });
  const pressed = choices(
    find('.po-network'),
    namesOf(),
    () => network,
    (kind) => {
      [network, moved, touched] = [kind, new Map(), null]; // other peaks
      showNetworks();
      draw();
      refresh();
    },
  );
  function showNetworks() {
    for (const [kind, name] of Object.entries(namesOf())) find(`.po-network [data-key=${kind}]`).textContent = name;
    pressed();
    showPeak();
  }
  showNetworks();
  showLink();
  choices(
    find('.po-matching'),
    matchings,
    () => state.matching,
    (key) => {
      state.matching = key;
      refresh(['maps']);
    },
  );
  find('.po-guess').addEventListener('click', ({currentTarget}) => {
    state.guess = !state.guess;
    currentTarget.setAttribute('aria-pressed', state.guess);
    refresh();
  });

  // ---- to take away

  find('.po-png').addEventListener('click', () => {
    if (found[network]) saveCanvas(canvas, 'pose.png');
  });
  for (const layout of ['openpose', 'coco']) {
    find(`.po-${layout}`).addEventListener('click', async () => {
      const answer = tokens[network] && (await askKeypoints(query(network)));
      if (answer) saveJson(answer[layout], `${layout}.json`);
    });
  }

  // ---- the other boards

  hear('pose:stage', (stage) => {
    if (!value) return;
    state.stage = stage;
    if (network === 'maps') [moved, touched] = [new Map(), null]; // other peaks
    refresh(['maps']);
  });
  hear('pose:hello', () => {
    if (value) tell('pose:picture', {value, picture});
    if (found.maps) tell('pose:found', {value, found: found.maps, query: found.query});
  });
  onValue(open);
}
