// The scene of a photograph: its pixels at their depth. The focal length needs no question to Python.
import {makeCloud} from '../../frame/web/cloud.js';
import {numbersOf, saveFile} from '../../frame/web/controls.js';

export default function ({server, board, find, findAll, say, liveCaller, onValue}) {
  const askPly = liveCaller(server.ply);
  const askPng = liveCaller(server.png);
  const FILM = Math.hypot(36, 24);
  const POINTS = 9000;
  const FAR = 4;
  const cloud = makeCloud(find('canvas'), {apart: {yaw: -0.3, pitch: 0.14}});
  const focal = find('#depth-focal');
  let scene = null;
  let near = null;
  let colours = null;

  function show() {
    if (!scene) return;
    const [height, width] = scene.grid;
    const step = Math.max(1, Math.round(Math.sqrt((height * width) / POINTS)));
    const f = (focal.value / FILM) * Math.hypot(height, width);
    const points = [];
    const paint = [];
    const depths = [];
    for (let v = 0; v + step < height; v += step) {
      for (let u = 0; u + step < width; u += step) {
        const at = v * width + u;
        const here = near[at];
        const beside = [near[at + step], near[at + step * width]];
        const edge = beside.some((other) => Math.abs(other - here) > 0.15 * Math.max(other, here));
        if (edge) continue; // between two things
        const z = 65535 / here;
        depths.push(z);
        points.push(((u - (width - 1) / 2) * z) / f, z, (-(v - (height - 1) / 2) * z) / f);
        paint.push(`rgb(${colours.subarray(3 * at, 3 * at + 3).join()})`);
      }
    }
    const sorted = [...depths].sort((a, b) => a - b);
    const [close, most] = [0.25, 0.97].map((part) => sorted[Math.floor(part * (depths.length - 1))]);
    const farthest = Math.min(most, FAR * close);
    const middle = (sorted[0] + farthest) / 2; // else a sky leaves the rest no room
    const kept = [...depths.keys()].filter((i) => depths[i] <= farthest);
    const placed = new Float32Array(3 * kept.length);
    kept.forEach((i, k) => {
      placed.set([points[3 * i], points[3 * i + 1] - middle, points[3 * i + 2]], 3 * k);
    });
    const reach = [...kept.keys()].map((k) => Math.hypot(...placed.subarray(3 * k, 3 * k + 3))).sort((a, b) => a - b);
    const unit = 1 / (reach[Math.floor(0.95 * reach.length)] || 1);
    cloud.show(
      placed.map((value) => value * unit),
      kept.map((i) => paint[i]),
    );
  }

  function showFocal() {
    const text = `${focal.value} mm`;
    find('output').textContent = text;
    focal.setAttribute('aria-valuetext', text);
  }

  // A file that Python made, saved under a name.
  async function save(ask, name) {
    const answer = scene && (await ask({...scene, focal: Number(focal.value)}));
    if (answer) saveFile(new Blob([numbersOf(answer.file, Uint8Array)]), name);
  }

  function take(value) {
    scene = value;
    [near, colours] = [numbersOf(scene.near, Uint16Array), numbersOf(scene.colours, Uint8Array)];
    focal.value = Math.round(scene.focal);
    find('.dp-told').textContent = scene.told
      ? 'As the camera wrote it into the photograph.'
      : 'The photograph does not say: this is that of most telephones.';
    find('.dp-unit').textContent = scene.nearest
      ? 'The cloud is in metres; the picture in millimetres, in the size of the photograph.'
      : 'Relative: in the cloud the nearest is at 1; in the picture, as large as the photograph, it is 65,535, and ' +
        'others in proportion to 1 / Z.';
    for (const button of findAll('.dp-buttons button')) button.disabled = false;
    say('');
    showFocal();
    show();
  }

  focal.addEventListener('input', () => {
    showFocal();
    show();
  });
  find('canvas').addEventListener('pointerdown', () => board.classList.add('dp-turned'));
  find('.dp-ply').addEventListener('click', () => save(askPly, 'scene.ply'));
  find('.dp-png').addEventListener('click', () => save(askPng, 'depth.png'));
  showFocal();
  onValue(take);
}
