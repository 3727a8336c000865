// A slice through picture space, coloured by class: computed a row at a time, the middle first.
import {CLASS_COLOURS, choices, followPointer, hear, percent, tell, whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

const TITLES = {'mobilenet-photographs': 'Your photograph', 'lenet-mnist': 'Your digit'};
const PHOTOGRAPHS = 'mobilenet-photographs';

export default function ({first, server, board, find, liveCaller}) {
  const {sides, reach} = first;
  const askRows = liveCaller(server.look_at_rows);
  const askPoint = liveCaller(server.picture_at);
  const canvas = find('.ad-slice-map canvas');
  const pen = canvas.getContext('2d');
  const SIDE = canvas.width;
  const things = {};
  const state = {whose: PHOTOGRAPHS, rows: [], classes: [], at: [0, 0], run: 0, seen: false};

  const nameOf = (number) => (state.whose === PHOTOGRAPHS ? things[state.whose].names[number] : `a ${number}`);
  const colourAt = (number) => CLASS_COLOURS[state.classes.indexOf(number) % CLASS_COLOURS.length];
  const place = ([x, y]) => [((x / reach + 1) * SIDE) / 2, ((1 - y / reach) * SIDE) / 2];

  choices(
    find('.ad-whose'),
    TITLES,
    () => state.whose,
    (whose) => {
      state.whose = whose;
      begin();
    },
  );

  function draw() {
    const side = sides[state.whose];
    const cell = SIDE / side;
    pen.clearRect(0, 0, SIDE, SIDE);
    state.rows.forEach((row, i) => {
      row?.forEach((number, j) => {
        pen.fillStyle = colourAt(number);
        pen.globalAlpha = 0.75;
        const [left, top] = [Math.floor(j * cell), Math.floor(i * cell)];
        pen.fillRect(left, top, Math.floor((j + 1) * cell) - left, Math.floor((i + 1) * cell) - top);
      });
    });
    pen.globalAlpha = 1;
    pen.strokeStyle = pen.fillStyle = '#111';
    pen.lineWidth = 3;
    const [from, to] = [place([0, 0]), place([1, 0])];
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.lineTo(to[0] - 9, to[1] - 6);
    pen.moveTo(...to);
    pen.lineTo(to[0] - 9, to[1] + 6);
    pen.stroke();
    pen.beginPath();
    pen.arc(...place(state.at), 9, 0, 7);
    pen.fillStyle = '#fff';
    pen.fill();
    pen.stroke();
    fill(
      find('.ad-slice-legend'),
      state.classes.map(
        (number) => html`<span><i style="background: ${colourAt(number)}"></i>${nameOf(number)}</span>`,
      ),
    );
  }

  const question = () => {
    const {picture, r, largest} = things[state.whose];
    return {network: state.whose, picture, r, largest};
  };

  // For a digit all rows at once; for a photograph row by row, from the middle outwards.
  async function begin() {
    const mine = ++state.run;
    state.rows = [];
    state.classes = [];
    if (!things[state.whose]) {
      find('.ad-slice-said').textContent = 'Draw a digit above first.';
      draw();
      return;
    }
    const side = sides[state.whose];
    const middle = (side - 1) / 2;
    const height = (i) => (reach * (middle - i)) / middle;
    const order = [...Array(side).keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    const parts = state.whose === PHOTOGRAPHS ? order.map((i) => [i]) : [order];
    look();
    for (const part of parts) {
      const answer = await askRows({...question(), heights: part.map(height)});
      if (!answer || mine !== state.run) return;
      part.forEach((i, k) => {
        state.rows[i] = answer.classes[k];
        for (const number of answer.classes[k]) if (!state.classes.includes(number)) state.classes.push(number);
      });
      board.dataset.rows = state.rows.filter(Boolean).length;
      draw();
    }
  }

  async function look() {
    draw();
    if (!things[state.whose]) return;
    const answer = await askPoint({...question(), at: state.at});
    if (!answer) return;
    const picture = find('.ad-slice-picture');
    picture.src = answer.picture;
    picture.classList.toggle('tiny', state.whose !== PHOTOGRAPHS);
    const [x, y] = state.at.map((value) => value.toFixed(2).replace('-', '−'));
    find('.ad-slice-said').textContent =
      `x + ${x} r + ${y} of the random direction: ${nameOf(answer.now)}, ${percent(answer.probability)}`;
    board.dataset.now = answer.now;
  }

  const moveTo = (at) => {
    state.at = at.map((value) => Math.max(-reach, Math.min(reach, value)));
    look();
  };
  followPointer(find('.ad-slice-map'), {
    at: () => state.at.map((value) => (value / reach + 1) / 2),
    moveTo: (x, y) => moveTo([(2 * x - 1) * reach, (2 * y - 1) * reach]),
    moveBy: (x, y, far) => moveTo([x, y].map((step, axis) => state.at[axis] + step * (far ? 0.5 : 0.1))),
  });

  function take(whose, thing) {
    things[whose] = thing;
    if (state.seen && state.whose === whose) begin();
  }
  hear('adversarial:photograph', ({picture, names, r, largest}) => take(PHOTOGRAPHS, {picture, names, r, largest}));
  hear('adversarial:digit', ({seen, networks: [{r, largest}]}) => take('lenet-mnist', {picture: seen, r, largest}));
  tell('adversarial:hello');
  whenSeen(board, () => {
    state.seen = true;
    begin();
  });
}
