// People and maps on canvases, for the boards of the pose tab.
import {numbersOf, thickness} from './controls.js';

const limbColour = (limb, count) => `hsl(${Math.round((360 * limb) / count)} 90% 58%)`;

// People, each {number, places}: places are [x, y] in pixels of the canvas, or null where a joint was not found.
// `limbs` are pairs of joints; `usual` is the width of a limb. Joints that are marked in `guessed` are hollow, and
// their limbs dashed.
export function drawPeople(context, people, limbs, usual) {
  const size = usual * thickness();
  context.lineCap = 'round';
  for (const {places, guessed = []} of people) {
    for (const [under, width] of [
      [true, 1.6 * size],
      [false, size],
    ]) {
      limbs.forEach(([first, second], limb) => {
        if (!places[first] || !places[second]) return;
        context.setLineDash(guessed[first] || guessed[second] ? [1.5 * size, 2.5 * size] : []);
        context.strokeStyle = under ? 'rgb(0 0 0 / 0.55)' : limbColour(limb, limbs.length);
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(...places[first]);
        context.lineTo(...places[second]);
        context.stroke();
      });
    }
    context.setLineDash([]);
    places.forEach((place, joint) => {
      if (!place) return;
      context.beginPath();
      context.arc(...place, 1.1 * size, 0, 2 * Math.PI);
      context.fillStyle = guessed[joint] ? 'rgb(0 0 0 / 0.55)' : '#fff';
      context.fill();
      context.lineWidth = 0.35 * size;
      context.strokeStyle = guessed[joint] ? '#fff' : '#111';
      context.stroke();
    });
  }
  for (const {number, places} of people) {
    const [x, y] = places.filter(Boolean).reduce((top, place) => (place[1] < top[1] ? place : top));
    pill(context, String(number), x, y - 4 * size, 4.4 * size);
  }
}

// A number in a dark pill, its middle at x, y but inside of the canvas.
export function pill(context, text, x, y, size) {
  context.font = `700 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + size;
  const high = 1.3 * size;
  const {canvas} = context;
  x = Math.min(Math.max(x, width / 2), canvas.width - width / 2);
  y = Math.min(Math.max(y, high / 2), canvas.height - high / 2);
  context.beginPath();
  context.roundRect(x - width / 2, y - high / 2, width, high, high / 2);
  context.fillStyle = 'rgb(0 0 0 / 0.75)';
  context.fill();
  context.fillStyle = '#fff';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, x, y + 0.06 * size);
}

// The maps of a picture, as Python sends them: at(stage, channel, row, column), channels the beliefs and then x and y
// of each field.
export function mapsOf({maps, joints, limbs}) {
  const {stages, rows, columns} = maps;
  const channels = joints.length + 2 * limbs.length;
  const values = numbersOf(maps.values, Int16Array);
  const at = (stage, channel, row, column) =>
    values[((stage * channels + channel) * rows + row) * columns + column] / 16384;
  return {stages, rows, columns, at};
}

// Where pixel x (axis 0) or y (axis 1) of the maps is on a canvas that shows the picture `zoom` times as large.
const onCanvas = (at, axis, {maps}, zoom) => (at + maps.centre) * maps.scale[axis] * zoom;

// One belief map over what the canvas shows: nothing where it is 0, bright where it is 1.
export function drawBelief(context, value, maps, stage, joint, zoom) {
  const small = document.createElement('canvas');
  const {rows, columns} = maps;
  [small.width, small.height] = [columns, rows];
  const pixels = new ImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const belief = Math.max(0, maps.at(stage, joint, row, column));
      pixels.data.set(
        [255, 90 + 150 * belief, 40 + 60 * belief, 255 * Math.min(1, 1.5 * belief)],
        4 * (row * columns + column),
      );
    }
  }
  small.getContext('2d').putImageData(pixels, 0, 0);
  const left = onCanvas(-0.5, 0, value, zoom);
  const top = onCanvas(-0.5, 1, value, zoom);
  context.drawImage(
    small,
    left,
    top,
    onCanvas(columns - 0.5, 0, value, zoom) - left,
    onCanvas(rows - 0.5, 1, value, zoom) - top,
  );
}

// One affinity field as arrows, wherever it is longer than `least`.
export function drawField(context, value, maps, stage, limb, zoom, least = 0.15) {
  const {joints, limbs} = value;
  const cell = Math.min(...value.maps.scale) * zoom;
  const channel = joints.length + 2 * limb;
  context.strokeStyle = limbColour(limb, limbs.length);
  context.lineWidth = Math.max(1.2, cell / 9);
  context.lineCap = 'round';
  context.beginPath();
  for (let row = 0; row < maps.rows; row++) {
    for (let column = 0; column < maps.columns; column++) {
      const u = maps.at(stage, channel, row, column);
      const v = maps.at(stage, channel + 1, row, column);
      const long = Math.hypot(u, v);
      if (long < least) continue;
      const x = onCanvas(column, 0, value, zoom);
      const y = onCanvas(row, 1, value, zoom);
      const half = 0.45 * cell;
      const tip = [x + half * u, y + half * v];
      const turn = Math.atan2(v, u);
      const head = 0.35 * cell * Math.min(1, long);
      context.moveTo(x - half * u, y - half * v);
      context.lineTo(...tip);
      for (const side of [2.6, -2.6]) {
        context.moveTo(...tip);
        context.lineTo(tip[0] + head * Math.cos(turn + side), tip[1] + head * Math.sin(turn + side));
      }
    }
  }
  context.stroke();
}
