// The matches in another order, and the network without context normalisation.
import {choices, hear, numbersOf, tell, whenSeen, written} from '../../frame/web/controls.js';
import {BAD, GOOD, makeTwo, weightColour} from './shared.js';

const NETWORKS = {context: 'With context normalisation', plain: 'Without it'};

export default function ({server, board, find, liveCaller}) {
  const ask = liveCaller(server.shuffle);
  const two = makeTwo(find('.cn-two'), 330);
  let which = 'context';
  let pair = null;
  let answer = null;
  let seed = 0;
  let watching = false;

  const weights = () => (which === 'plain' && answer ? answer.plain : pair.weights);
  two.draw = () => {
    weights().forEach((weight, match) => {
      if (weight <= 0) return;
      two.line(match, pair.right ? (pair.right[match] ? GOOD : BAD) : weightColour(weight), 1.1, 0.75);
    });
  };

  function say() {
    if (!answer) return;
    const change =
      answer.change < 1e-7
        ? 'none of the weights changes'
        : `no weight changes by more than ${answer.change.toExponential(0)}, which is rounding`;
    const scores = answer.f1
      ? ` F1 with context normalisation ${written(answer.f1[0])}, without it ${written(answer.f1[1])}:` +
        ' green is right, red is wrong.'
      : '';
    find('.cn-said').textContent = `In the order ${answer.order.join(', ')} … ${change}.${scores}`;
    Object.assign(board.dataset, {change: answer.change, seed});
  }

  async function shuffle() {
    if (!pair) return;
    const name = pair.pair;
    const next = await ask({pair: name, seed});
    if (!next || name !== pair.pair) return;
    answer = {...next, plain: numbersOf(next.plain, Float32Array)};
    say();
    two.redraw();
  }
  find('.cn-shuffle').addEventListener('click', () => {
    seed += 1;
    shuffle();
  });
  choices(
    find('.cn-which'),
    NETWORKS,
    () => which,
    (key) => {
      which = key;
      two.redraw();
    },
  );
  hear('correspondence:pair', async (next) => {
    if (pair?.pair === next.pair) return;
    [pair, answer] = [next, null];
    await two.show(next);
    if (watching) shuffle();
  });
  whenSeen(board, () => {
    watching = true;
    shuffle();
  });
  tell('correspondence:again');
}
