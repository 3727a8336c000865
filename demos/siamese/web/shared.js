// What boards of this tab share: symbols that were invented for this page, and how a hand draws them.
import {button, numbersOf, saveFile, tell} from '../../frame/web/controls.js';
import {inked} from '../../frame/web/pad.js';

// Embeddings that boards keep, which the board of the space shows, too; 'siamese:kept' says that some changed.
export const kept = {enrolled: [], alphabet: []};
export function keep(what, embeddings) {
  kept[what] = embeddings;
  tell('siamese:kept');
}

// A button for each of {file: title}, which saves what rows() gives, [name, embedding] each, by the question `ask`.
export function takeAway(place, files, ask, rows) {
  const save = async (file) => {
    const [names, embeddings] = [0, 1].map((part) => rows().map((row) => row[part]));
    const answer = names.length && (await ask({file, names, embeddings}));
    if (answer) saveFile(new Blob([numbersOf(answer.file, Uint8Array)]), file);
  };
  place.append(...Object.entries(files).map(([file, title]) => button(title, () => save(file))));
}

// Twenty characters that were made up: strokes of points x, y in twentieths of the paper.
export const SYMBOLS = [
  [
    [5, 4, 5, 16, 14, 16],
    [5, 10, 12, 6],
  ],
  [
    [10, 3, 4, 9, 10, 15, 16, 9, 10, 3],
    [10, 9, 10, 17],
  ],
  [[4, 5, 16, 5, 4, 15, 16, 15]],
  [
    [4, 4, 10, 10, 16, 4],
    [10, 10, 10, 17],
    [5, 14, 15, 14],
  ],
  [
    [6, 3, 6, 17],
    [6, 3, 14, 7, 6, 11],
    [14, 12, 14, 17],
  ],
  [
    [4, 10, 8, 4, 12, 10, 16, 4],
    [4, 16, 16, 16],
  ],
  [[14, 4, 6, 4, 6, 16, 14, 16, 14, 10, 9, 10]],
  [
    [5, 4, 15, 16],
    [15, 4, 11, 8],
    [9, 12, 5, 16],
  ],
  [
    [4, 6, 16, 6],
    [8, 6, 8, 16, 15, 16, 15, 11],
  ],
  [
    [10, 3, 10, 17],
    [5, 7, 10, 3, 15, 7],
    [5, 13, 10, 17, 15, 13],
  ],
  [
    [5, 16, 5, 6, 10, 3, 15, 6, 15, 16],
    [10, 8, 10, 13],
  ],
  [
    [4, 4, 4, 12, 10, 16, 16, 12, 16, 4],
    [4, 8, 16, 8],
  ],
  [[15, 4, 5, 8, 15, 12, 5, 16]],
  [
    [6, 4, 6, 10, 14, 10, 14, 16],
    [14, 4, 14, 6],
    [6, 14, 6, 16],
  ],
  [
    [4, 14, 10, 4, 16, 14],
    [7, 17, 13, 17],
  ],
  [
    [5, 5, 15, 5, 15, 15],
    [5, 5, 5, 15],
    [5, 15, 10, 10, 15, 15],
  ],
  [
    [10, 3, 10, 10, 4, 16],
    [10, 10, 16, 16],
    [4, 6, 7, 6],
  ],
  [
    [4, 9, 16, 9],
    [4, 12, 16, 12],
    [7, 4, 13, 17],
  ],
  [[14, 3, 8, 6, 12, 10, 6, 13, 10, 17]],
  [
    [5, 3, 5, 10, 15, 10, 15, 3],
    [10, 10, 10, 17, 15, 17],
  ],
];

// What is enrolled when the page opens.
export const SIGNATURE = [
  [4, 13, 7, 5, 9, 13, 12, 8, 13, 12, 15, 9, 16, 14],
  [5, 16, 15, 15],
];

// Random numbers from -1 to 1 that are the same for the same seed.
function unsteady(seed) {
  let state = 2654435761 * (seed + 1);
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    return state / 2147483648;
  };
}

// Strokes as a hand draws them, black on white, in a data URI: each point off by `off` twentieths at most.
export function drawn(strokes, seed = 0, off = 0.5) {
  const random = unsteady(seed);
  const path = strokes.map((points) => {
    const moved = points.map((value) => value + off * random());
    return `M${moved.join(' ')}`;
  });
  return inked(path.join(''), 14);
}

// Points of a curve as the path of an SVG; x and y are functions to its units.
export function line(xs, ys, x, y) {
  return `M${xs.map((value, i) => `${x(value).toFixed(2)} ${y(ys[i]).toFixed(2)}`).join('L')}`;
}
