// The scene of a photograph: its pixels at their depth, and how far away what the pointer is on lies. The focal length
// needs no question to Python.
import {numbersOf, saveFile} from '../../frame/web/controls.js';
import {above, partsAt} from './far.js';
import {makeScene} from './scene.js';

export default function ({server, board, find, findAll, say, liveCaller, onValue}) {
  const asks = {ply: liveCaller(server.ply), glb: liveCaller(server.glb), png: liveCaller(server.png)};
  const FILES = {ply: 'scene.ply', glb: 'scene.glb', png: 'depth.png'};
  const FILM = Math.hypot(36, 24);
  const scene = makeScene(find('canvas'), (turned) => board.classList.toggle('dp-turned', turned));
  const focal = find('#depth-focal');
  let value = null;
  let near = null; // 1 is the nearest
  let colours = null;

  function show() {
    if (value) scene.show({near, colours, grid: value.grid}, (focal.value / FILM) * Math.hypot(...value.grid));
  }

  function showFocal() {
    const text = `${focal.value} mm`;
    find('output').textContent = text;
    focal.setAttribute('aria-valuetext', text);
  }

  // A file that Python made of the scene.
  async function save(kind) {
    const answer = value && (await asks[kind]({...value, focal: Number(focal.value)}));
    if (answer) saveFile(new Blob([numbersOf(answer.file, Uint8Array)]), FILES[kind]);
  }

  function take(taken) {
    value = taken;
    near = Float32Array.from(numbersOf(value.near, Uint16Array), (one) => Math.max(one, 1) / 65535);
    colours = numbersOf(value.colours, Uint8Array);
    focal.value = Math.round(value.focal);
    find('.dp-told').textContent = value.told
      ? 'As the camera wrote it into the photograph.'
      : 'The photograph does not say: this is that of most telephones.';
    find('.dp-unit').textContent = value.nearest
      ? 'Cloud and mesh are in metres; the picture in millimetres, in the size of the photograph.'
      : 'Relative: in cloud and mesh the nearest is at 1; in the picture, as large as the photograph, it is 65,535, ' +
        'and others in proportion to 1 / Z.';
    for (const button of findAll('.dp-buttons button')) button.disabled = false;
    say('');
    showFocal();
    show();
  }

  focal.addEventListener('input', () => {
    showFocal();
    show();
  });
  for (const kind of Object.keys(FILES)) find(`.dp-${kind}`).addEventListener('click', () => save(kind));
  showFocal();
  onValue(take);

  // ---- how far away what the pointer is on lies, over the photograph above

  const word = Object.assign(document.createElement('output'), {className: 'dp-far', hidden: true});
  word.setAttribute('aria-live', 'off'); // it follows the pointer: a reader would never stop

  function farAt(map, event) {
    const image = map.querySelector('img');
    if (!near || !image?.naturalWidth) return '';
    const size = [image.naturalWidth, image.naturalHeight];
    const at = partsAt(image.getBoundingClientRect(), size, [event.clientX, event.clientY]);
    if (!at) return '';
    const [height, width] = value.grid;
    const here = near[Math.floor(at[1] * height) * width + Math.floor(at[0] * width)];
    if (value.nearest) return `${(1 / (here * value.nearest)).toFixed(1)} m`;
    return here > 1 / 39 ? `${(1 / here).toFixed(1)} times as far as the nearest` : 'far away: as a sky';
  }

  function point(event) {
    const map = event.target.closest?.('#depth-map'); // which may come later than this board
    const text = map ? farAt(map, event) : '';
    word.hidden = !text;
    if (!text) return;
    map.append(word); // Gradio draws the picture anew
    word.textContent = text;
    const size = [word.offsetWidth, word.offsetHeight];
    const box = map.getBoundingClientRect();
    const [left, top] = above(box, map.currentCSSZoom || 1, size, [event.clientX, event.clientY]);
    Object.assign(word.style, {left: `${left}px`, top: `${top}px`});
  }

  document.addEventListener('pointermove', point);
  document.addEventListener('pointerdown', point);
}
